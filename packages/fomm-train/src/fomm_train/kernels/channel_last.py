"""Channel-last convolutions, which tensor cores of GPUs take without converting by themselves."""

from __future__ import annotations

from collections.abc import Sequence

import nnabla as nn
import nnabla.functions as F

from fomm_core.network.nnabla_operations import NNABLA_KERNELS


def channel_last_convolution(
    x: nn.Variable,
    weight: nn.Variable,
    bias: nn.Variable | None = None,
    base_axis: int = 1,
    pad: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
    group: int = 1,
    channel_last: bool = False,
) -> nn.Variable:
    """Convolve (B, C, H, W) through a channel-last kernel.

    The weight keeps its shape (O, I, kh, kw), so that files are the same with and without;
    images and weights are turned within the graph.
    """
    turned = F.transpose(x, (0, 2, 3, 1))
    kernel = F.transpose(weight, (0, 2, 3, 1))
    y = NNABLA_KERNELS.convolution(
        turned, kernel, bias, base_axis, pad, stride, dilation, group, True
    )
    return F.transpose(y, (0, 3, 1, 2))
