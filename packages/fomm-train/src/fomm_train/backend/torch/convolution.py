"""Convolutions in the forms in which PyTorch computes them fastest on CPUs."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.operations import upsampling_taps

_FEW_MAPS = 8
_LARGE_KERNEL = 5
_LEAST_UPSAMPLED = 8


def convolve(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, pad: int, row_by_row: bool
) -> torch.Tensor:
    """Convolve (B, C, H, W) with (O, C, k, k), zeros around the maps.

    Args:
        x, weight, bias: maps, kernels and what is added to each map.
        pad: zeros on each side, fewer than k.
        row_by_row: whether few maps of large kernels are computed so.
    """
    out_maps, _, kernel, _ = weight.shape
    if row_by_row and out_maps < _FEW_MAPS and kernel >= _LARGE_KERNEL:
        return convolve_rows(x, weight, pad) + bias[:, None, None]
    return F.conv2d(x, weight, bias, padding=pad)


def convolve_rows(x: torch.Tensor, weight: torch.Tensor, pad: int) -> torch.Tensor:
    """Convolve with each row of the kernels, then add those of a kernel where they overlap.

    A kernel of k rows is k maps, and CPUs compute eight or sixteen maps at once.
    """
    out_maps, channels, kernel, _ = weight.shape
    height, width = (length + 2 * pad - kernel + 1 for length in x.shape[2:])
    rows = weight.flip(2).transpose(1, 2).reshape(out_maps * kernel, channels, 1, kernel)
    maps = F.conv2d(x, rows, padding=(0, pad))
    overlap = (kernel - 1 - pad, 0)
    return F.fold(maps.flatten(2), (height, width), (kernel, 1), padding=overlap)


def is_worth_transposing(x: torch.Tensor) -> bool:
    """Whether maps are large enough for :func:`convolve_upsampled` to be the faster form."""
    return bool(min(x.shape[2:]) >= _LEAST_UPSAMPLED)


def convolve_upsampled(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, gather: torch.Tensor
) -> torch.Tensor:
    """Nearest x2, then a 3x3 convolution: one 4x4 transposed convolution with stride 2.

    It takes 16 products where the other form takes 36, and no larger copy of the maps.

    Args:
        x: (B, C, H, W).
        weight, bias: (O, C, 3, 3) and (O,).
        gather: (9, 16), :func:`gathering_matrix`.
    """
    out_maps, maps = weight.shape[:2]
    with torch.autocast(x.device.type, enabled=False):
        kernel = (weight.reshape(out_maps * maps, 9) @ gather).view(out_maps, maps, 4, 4)
    return F.conv_transpose2d(x, kernel.transpose(0, 1), bias, stride=2, padding=1)


def gathering_matrix() -> FloatArray:
    """The linear map from a kernel of 3x3 to one of 4x4, (9, 16)."""
    taps = upsampling_taps()
    matrix: FloatArray = np.kron(taps, taps).T
    return matrix
