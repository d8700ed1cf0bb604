"""Warping on the CPU by gathering pixels with NumPy, as a function of NNabla's graph.

NNabla's own kernel finds the corners of every sample anew for each channel, and takes a fifth
of a training step. Here they are found once, and all channels are gathered together. The
values are those of NNabla's kernel up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import nnabla as nn
import numpy as np
import numpy.typing as npt

from fomm_core.network.nnabla_operations import NNABLA_KERNELS
from fomm_train.kernels.custom_function import CustomFunction, store

Float32Array = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.intp]


def warp_by_gathering(
    x: nn.Variable,
    grid: nn.Variable,
    mode: str = "linear",
    padding_mode: str = "zero",
    align_corners: bool = False,
    channel_last: bool = False,
) -> nn.Variable:
    """Sample (B, C, H, W) at (B, h, w, 2) as ``nnabla.functions.warp_by_grid`` does.

    Options that the networks do not use (other modes and paddings, half-pixel corners, volumes)
    are left to NNabla.
    """
    usual = (mode, padding_mode, align_corners, channel_last) == ("linear", "zero", True, False)
    if not usual or len(x.shape) != 4:
        return NNABLA_KERNELS.warp_by_grid(x, grid, mode, padding_mode, align_corners, channel_last)
    warped: nn.Variable = _WarpingByGathering()(x, grid)
    return warped


@dataclass(frozen=True, eq=False)
class _Corner:
    """One of the four pixels around each sample.

    Attributes:
        index: (B, 1, h * w), where it is in its image, flattened; some pixel if outside.
        weight: (B, 1, h * w), its share of the sample; 0 if outside.
        by_x, by_y: (B, 1, h * w), derivatives of the weight by the sample's position in pixels.
    """

    index: IndexArray
    weight: Float32Array
    by_x: Float32Array
    by_y: Float32Array


def _corners(grid: Float32Array, size: tuple[int, int]) -> Iterator[_Corner]:
    """The corners of samples (B, h, w, 2) in images of a size (H, W)."""
    height, width = size
    places = grid.reshape(len(grid), 1, -1, 2)
    x = (places[..., 0] + 1) * np.float32((width - 1) / 2)
    y = (places[..., 1] + 1) * np.float32((height - 1) / 2)
    left, top = np.floor(x), np.floor(y)
    right_share, lower_share = x - left, y - top
    for row, row_share, row_sign in ((top, 1 - lower_share, -1), (top + 1, lower_share, 1)):
        for column, share, sign in ((left, 1 - right_share, -1), (left + 1, right_share, 1)):
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            index = np.where(inside, row * width + column, 0).astype(np.intp)
            yield _Corner(
                index,
                share * row_share * inside,
                sign * row_share * inside,
                row_sign * share * inside,
            )


def _gather(images: Float32Array, index: IndexArray) -> Float32Array:
    """Pixels (B, C, N) of images (B, C, H, W)."""
    flat = images.reshape(*images.shape[:2], -1)
    return np.stack([image.take(at[0], axis=1) for image, at in zip(flat, index, strict=True)])


class _WarpingByGathering(CustomFunction):
    """The NNabla function: inputs x (B, C, H, W) and grid (B, h, w, 2)."""

    def grad_depends_input_data(self, i: int, j: int) -> bool:
        """The gradient of x needs the grid, that of the grid both."""
        return j == 1 or i == 1

    def setup_impl(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Shape the output (B, C, h, w)."""
        x, grid = inputs
        outputs[0].reset_shape((*x.shape[:2], *grid.shape[1:3]), True)

    def forward_impl(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Mix the corners of each sample."""
        x, grid = (v.data.data for v in inputs)
        y = outputs[0].data.data.reshape(*x.shape[:2], -1)
        y[...] = 0
        for corner in _corners(grid, x.shape[2:]):
            y += _gather(x, corner.index) * corner.weight

    def backward_impl(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        propagate_down: Sequence[bool],
        accum: Sequence[bool],
    ) -> None:
        """Gradients of x and grid."""
        x, grid = (v.data.data for v in inputs)
        dy = outputs[0].grad.data.reshape(*x.shape[:2], -1)
        corners = list(_corners(grid, x.shape[2:]))
        if propagate_down[0]:
            store(inputs[0].grad.data, _image_gradient(corners, x.shape, dy), accum[0])
        if propagate_down[1]:
            store(inputs[1].grad.data, _grid_gradient(corners, x, dy, grid.shape), accum[1])


def _image_gradient(
    corners: Sequence[_Corner], shape: tuple[int, ...], dy: Float32Array
) -> Float32Array:
    """Give each pixel what the samples around it have (B, C, N) -> (B, C, H, W)."""
    pixels = shape[2] * shape[3]
    first = np.arange(shape[0] * shape[1], dtype=np.intp).reshape(*shape[:2], 1) * pixels
    gradient = np.zeros(first.size * pixels)
    for corner in corners:
        index = (first + corner.index).ravel()
        gradient += np.bincount(index, (dy * corner.weight).ravel(), len(gradient))
    return gradient.astype(np.float32).reshape(shape)


def _grid_gradient(
    corners: Sequence[_Corner], x: Float32Array, dy: Float32Array, shape: tuple[int, ...]
) -> Float32Array:
    """Derivative of the loss by where each sample is taken; (B, h, w, 2)."""
    height, width = x.shape[2:]
    gradient = np.zeros((len(x), dy.shape[2], 2), np.float32)
    for corner in corners:
        slope = np.einsum("bcn,bcn->bn", _gather(x, corner.index), dy)
        gradient[..., 0] += slope * corner.by_x[:, 0]
        gradient[..., 1] += slope * corner.by_y[:, 0]
    gradient *= np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    return gradient.reshape(shape)
