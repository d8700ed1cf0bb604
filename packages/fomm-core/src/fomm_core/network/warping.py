"""Coordinate grids, Gaussian heat maps, warping and anti-aliased down-scaling.

Coordinates are (x, y), x first, in [-1, 1]; -1 is the centre of the first pixel and 1 that of
the last.
"""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.operations import Operations, Tensor


def coordinate_grid(height: int, width: int, leading: int = 0) -> FloatArray:
    """The identity grid, (height, width, 2), x first, from -1 to 1 inclusive.

    Args:
        height, width: of the grid.
        leading: number of axes of length 1 before these.
    """
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)
    grid: FloatArray = np.stack(np.meshgrid(x, y), axis=-1)
    return grid.reshape(*(1,) * leading, height, width, 2)


def gaussian_heatmaps(
    ops: Operations, value: Tensor, size: tuple[int, int], variance: float
) -> Tensor:
    """A Gaussian around each keypoint; (B, K, 2) -> (B, K, h, w), 1 at its centre."""
    batch, num_kp, _ = value.shape
    grid = ops.constant_of(coordinate_grid, *size, 2)
    offset = grid - ops.reshape(value, (batch, num_kp, 1, 1, 2))
    return ops.exp(ops.sum(offset**2, axis=4) * (-0.5 / variance))


def warp(ops: Operations, image: Tensor, grid: Tensor) -> Tensor:
    """Sample ``image`` (B, C, H, W) at ``grid`` (B, h, w, 2) -> (B, C, h, w).

    Bilinear, corners aligned, zero outside.
    """
    return ops.grid_sample(image, grid, align_corners=True)


def resize(
    ops: Operations, maps: Tensor, size: tuple[int, int], *, align_corners: bool = False
) -> Tensor:
    """Resize maps (B, C, h, w) to ``size``: linear, with half-pixel centres or aligned corners."""
    if maps.shape[2:] == size:
        return maps
    return ops.resize(maps, size, align_corners=align_corners)


def resize_grid(
    ops: Operations, grid: Tensor, size: tuple[int, int], *, align_corners: bool = False
) -> Tensor:
    """Resize a sampling grid (B, h, w, 2) to ``size``, as :func:`resize` does maps.

    With aligned corners the identity stays the identity; with half-pixel centres it does not.
    """
    if grid.shape[1:3] == size:
        return grid
    maps = resize(ops, ops.transpose(grid, (0, 3, 1, 2)), size, align_corners=align_corners)
    return ops.transpose(maps, (0, 2, 3, 1))


def anti_alias_kernel(stride: int) -> FloatArray:
    """The Gaussian, normalised, that precedes taking every ``stride``-th pixel; (k, k).

    Its standard deviation is (stride - 1) / 2, k is 2 * round(4 * deviation) + 1.
    """
    deviation = (stride - 1) / 2
    radius = round(4 * deviation)
    line = np.exp(-0.5 * (np.arange(-radius, radius + 1) / deviation) ** 2)
    kernel = np.outer(line, line)
    normalised: FloatArray = (kernel / kernel.sum()).astype(np.float32)
    return normalised


def down_scale(ops: Operations, image: Tensor, stride: int) -> Tensor:
    """Smooth, then take every ``stride``-th pixel; (B, C, H, W) -> (B, C, H/s, W/s).

    Only the pixels that are taken are computed: with its gradient, stride 8 then takes a
    hundredth of the time.
    """
    if stride == 1:
        return image
    weight = ops.constant_of(_anti_alias_weight, image.shape[1], stride)
    return ops.depthwise_convolution(image, weight, pad=weight.shape[2] // 2, stride=stride)


def _anti_alias_weight(channels: int, stride: int) -> FloatArray:
    """The same kernel for each channel; (C, k, k)."""
    return np.tile(anti_alias_kernel(stride), (channels, 1, 1))
