"""Anti-aliased copies of an image at smaller scales."""

from __future__ import annotations

from collections.abc import Iterable

import nnabla as nn
import nnabla.functions as F
import numpy as np

from fomm_core.errors import ConfigError
from fomm_core.network.warping import anti_alias_kernel, constant


def pyramid(image: nn.Variable, scales: Iterable[float]) -> dict[float, nn.Variable]:
    """Smooth and shrink images (B, C, H, W); (B, C, H * scale, W * scale) by scale.

    The values are those of :func:`fomm_core.network.warping.down_scale`, but pixels that would
    be dropped are not computed: with its gradient, scale 1/8 of a 256x256 image then takes a
    hundredth of the time on a CPU, and a tenth of the memory.

    Raises:
        ConfigError: a scale is not 1 / integer.
    """
    return {scale: _down_scale(image, _stride_of(scale)) for scale in scales}


def _stride_of(scale: float) -> int:
    stride = round(1 / scale)
    if abs(1 / scale - stride) > 1e-6:
        raise ConfigError(f"scales: expected 1 / integer (1, 0.5, 0.25, ...), found {scale}")
    return stride


def _down_scale(image: nn.Variable, stride: int) -> nn.Variable:
    if stride == 1:
        return image
    kernel = anti_alias_kernel(stride)
    radius = len(kernel) // 2
    weights = constant(np.tile(kernel, (image.shape[1], 1, 1)))
    return F.depthwise_convolution(image, weights, pad=(radius, radius), stride=(stride, stride))
