"""Anti-aliased copies of an image at smaller scales."""

from __future__ import annotations

from collections.abc import Iterable

from fomm_core.errors import ConfigError
from fomm_core.network.operations import Operations, Tensor
from fomm_core.network.warping import down_scale


def pyramid(ops: Operations, image: Tensor, scales: Iterable[float]) -> dict[float, Tensor]:
    """Smooth and shrink images (B, C, H, W); (B, C, H * scale, W * scale) by scale.

    Raises:
        ConfigError: a scale is not 1 / integer.
    """
    return {scale: down_scale(ops, image, _stride_of(scale)) for scale in scales}


def _stride_of(scale: float) -> int:
    stride = round(1 / scale)
    if abs(1 / scale - stride) > 1e-6:
        raise ConfigError(f"scales: expected 1 / integer (1, 0.5, 0.25, ...), found {scale}")
    return stride
