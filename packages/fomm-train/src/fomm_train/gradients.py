"""Where gradients stop."""

from __future__ import annotations

import nnabla as nn
import nnabla.functions as F


def detached(x: nn.Variable) -> nn.Variable:
    """The same values, through which no gradient flows back; other uses of ``x`` keep theirs.

    Unlike ``Variable.get_unlinked_variable`` the result stays part of the graph: one forward
    pass computes ``x`` first, whatever the order of its uses. What is computed from it costs
    no backward work.
    """
    if not x.need_grad:
        return x
    return F.identity(x).apply(need_grad=False)
