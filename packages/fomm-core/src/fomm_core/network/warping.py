"""Coordinate grids, Gaussian heat maps, warping and anti-aliased down-scaling.

Coordinates are (x, y), x first, in [-1, 1]; -1 is the centre of the first pixel and 1 that of
the last. Wherever a grid is sampled, ``align_corners=True``, bilinear, zero outside.
"""

from __future__ import annotations

import nnabla as nn
import nnabla.functions as F
import numpy as np
import numpy.typing as npt


def coordinate_grid(height: int, width: int) -> npt.NDArray[np.float32]:
    """The identity grid, (height, width, 2), x first, from -1 to 1 inclusive."""
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)
    grid: npt.NDArray[np.float32] = np.stack(np.meshgrid(x, y), axis=-1)
    return grid


def constant(array: npt.NDArray[np.float32]) -> nn.Variable:
    """A variable that holds ``array`` and is never trained."""
    return nn.Variable.from_numpy_array(array)


def reshape(x: nn.Variable, shape: tuple[int, ...]) -> nn.Variable:
    """Reshape into memory of its own.

    Reshaped in place, a variable that is used more than once loses gradients.
    """
    return F.reshape(x, shape, inplace=False)


def gaussian_heatmaps(value: nn.Variable, size: tuple[int, int], variance: float) -> nn.Variable:
    """A Gaussian bump around each keypoint; (B, K, 2) -> (B, K, h, w), 1 at its centre."""
    batch, num_kp, _ = value.shape
    grid = constant(coordinate_grid(*size).reshape(1, 1, *size, 2))
    offset = grid - reshape(value, (batch, num_kp, 1, 1, 2))
    return F.exp(F.sum(F.pow_scalar(offset, 2), axis=4) * (-0.5 / variance))


def warp(image: nn.Variable, grid: nn.Variable) -> nn.Variable:
    """Sample ``image`` (B, C, H, W) at ``grid`` (B, h, w, 2) -> (B, C, h, w)."""
    return F.warp_by_grid(image, grid, mode="linear", padding_mode="zero", align_corners=True)


def resize(maps: nn.Variable, size: tuple[int, int], *, align_corners: bool = False) -> nn.Variable:
    """Resize maps (B, C, h, w) to ``size``: linear, with half-pixel centres or aligned corners."""
    if maps.shape[2:] == size:
        return maps
    return F.interpolate(
        maps,
        output_size=size,
        mode="linear",
        align_corners=align_corners,
        half_pixel=not align_corners,
    )


def resize_grid(
    grid: nn.Variable, size: tuple[int, int], *, align_corners: bool = False
) -> nn.Variable:
    """Resize a sampling grid (B, h, w, 2) to ``size``, as :func:`resize` does maps.

    With aligned corners the identity stays the identity; with half-pixel centres it does not.
    """
    if grid.shape[1:3] == size:
        return grid
    maps = resize(F.transpose(grid, (0, 3, 1, 2)), size, align_corners=align_corners)
    return F.transpose(maps, (0, 2, 3, 1))


def anti_alias_kernel(stride: int) -> npt.NDArray[np.float32]:
    """The Gaussian, normalised, that precedes taking every ``stride``-th pixel; (k, k).

    Its standard deviation is (stride - 1) / 2, k is 2 * round(4 * deviation) + 1.
    """
    deviation = (stride - 1) / 2
    radius = round(4 * deviation)
    line = np.exp(-0.5 * (np.arange(-radius, radius + 1) / deviation) ** 2)
    kernel = np.outer(line, line)
    normalised: npt.NDArray[np.float32] = (kernel / kernel.sum()).astype(np.float32)
    return normalised


def down_scale(image: nn.Variable, stride: int) -> nn.Variable:
    """Smooth, then take every ``stride``-th pixel; (B, C, H, W) -> (B, C, H/s, W/s).

    Only the pixels that are taken are computed: with its gradient, stride 8 then takes a
    hundredth of the time.
    """
    if stride == 1:
        return image
    channels = image.shape[1]
    kernel = anti_alias_kernel(stride)
    radius = len(kernel) // 2
    weights = constant(np.tile(kernel, (channels, 1, 1)))
    return F.depthwise_convolution(image, weights, pad=(radius, radius), stride=(stride, stride))
