"""Where gradients stop, and where functions written in Python leave theirs."""

from __future__ import annotations

import nnabla as nn
import nnabla.functions as F
import numpy as np
import numpy.typing as npt
from nnabla.function import PythonFunction


def stop_gradient(x: nn.Variable) -> nn.Variable:
    """The same values, through which no gradient flows back; other uses of ``x`` keep theirs.

    Unlike ``Variable.get_unlinked_variable`` the result stays part of the graph: one forward
    pass computes ``x`` first, whatever the order of its uses. What is computed from it costs
    no backward work.
    """
    if not x.need_grad:
        return x
    return F.identity(x).apply(need_grad=False)


class CustomFunction(PythonFunction):  # type: ignore[misc]
    """A function written in Python with one output, which its gradients do not need."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def name(self) -> str:
        """What profilers call it."""
        return type(self).__name__.lstrip("_")

    def min_outputs(self) -> int:
        """One output."""
        return 1

    def grad_depends_output_data(self, i: int, o: int) -> bool:
        """No gradient needs the output."""
        return False


def store(
    gradient: npt.NDArray[np.float32], value: npt.NDArray[np.float32], accumulate: bool
) -> None:
    """Write a gradient of an NNabla function, or add it to what other functions have left."""
    if accumulate:
        gradient += value
    else:
        gradient[...] = value
