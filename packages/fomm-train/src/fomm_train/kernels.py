"""Which kernel computes the convolutions of a graph.

The networks are defined once, for every use, and say nothing of kernels; NNabla has no setting
for them either. So its function is replaced for as long as a graph is being built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import nnabla as nn
import nnabla.functions as F

Convolution = Callable[..., nn.Variable]
"""What can stand for ``nnabla.functions.convolution``."""

nnablas_own: Convolution = F.convolution


@contextmanager
def convolving_with(convolution: Convolution | None) -> Iterator[None]:
    """Let every convolution that is built in the block be this one; ``None``: NNabla's own."""
    with patch.object(F, "convolution", convolution or nnablas_own):
        yield
