"""Which kernels compute the expensive functions of a graph.

The networks are defined once, for every use, and say nothing of kernels; NNabla has no setting
for them either. So its functions are replaced for as long as a graph is being built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import nnabla as nn
import nnabla.functions as F

Function = Callable[..., nn.Variable]
"""What can stand for a function of ``nnabla.functions``."""


@dataclass(frozen=True)
class Kernels:
    """What computes some of NNabla's functions.

    Attributes:
        convolution, warp_by_grid: take the arguments of the function of this name.
    """

    convolution: Function
    warp_by_grid: Function


nnablas_own = Kernels(F.convolution, F.warp_by_grid)


@contextmanager
def computing_with(kernels: Kernels) -> Iterator[None]:
    """Let these kernels compute what is built in the block."""
    with patch.multiple(F, convolution=kernels.convolution, warp_by_grid=kernels.warp_by_grid):
        yield
