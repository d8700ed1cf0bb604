"""Channel-last convolutions, which tensor cores of GPUs take without converting by themselves.

Parameters keep their names and shapes (O, I, kh, kw), so that files are the same either way;
images and weights are turned within the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import nnabla as nn
import nnabla.functions as F

_convolution = F.convolution


def channel_last_convolution(
    x: nn.Variable, weight: nn.Variable, bias: nn.Variable | None = None, **options: Any
) -> nn.Variable:
    """Convolve (B, C, H, W) as NNabla's ``convolution`` does, through a channel-last kernel."""
    options["channel_last"] = True
    turned = F.transpose(x, (0, 2, 3, 1))
    kernel = F.transpose(weight, (0, 2, 3, 1))
    return F.transpose(_convolution(turned, kernel, bias, **options), (0, 3, 1, 2))


@contextmanager
def channel_last_convolutions() -> Iterator[None]:
    """Let every convolution that is built in the block be channel-last.

    The networks are defined once, for every use, without a word on memory layouts; NNabla
    has no setting for them. So its function is replaced, while a graph is being built.
    """
    with patch.object(F, "convolution", channel_last_convolution):
        yield
