"""Metrics of single pixels: L1 and PSNR of a pair of 8-bit frames."""

from __future__ import annotations

import numpy as np
from skimage.metrics import peak_signal_noise_ratio

from fomm_core.image import ByteArray

HIGHEST_PSNR = 100.0
"""Stands for equal frames, whose ratio is infinite."""


def l1_distance(real: ByteArray, generated: ByteArray) -> float:
    """Mean absolute difference of two frames, with values taken as in [0, 1].

    Args:
        real, generated: (H, W, 3) uint8, of one size.
    """
    return absolute_difference(real, generated) / (255 * real.size)


def absolute_difference(real: ByteArray, generated: ByteArray) -> int:
    """Sum of the absolute differences of all values, exact.

    Args:
        real, generated: (H, W, 3) uint8, of one size.
    """
    off = np.subtract(real, generated, dtype=np.int16)
    return int(np.abs(off, out=off).sum(dtype=np.int64))


def psnr(real: ByteArray, generated: ByteArray) -> float:
    """Peak signal-to-noise ratio in dB by scikit-image, :data:`HIGHEST_PSNR` at most.

    Args:
        real, generated: (H, W, 3) uint8, of one size.
    """
    # float32 holds the squares of 8-bit differences exactly; those of float64 take longer.
    pair = real.astype(np.float32), generated.astype(np.float32)
    with np.errstate(divide="ignore"):
        return min(HIGHEST_PSNR, float(peak_signal_noise_ratio(*pair, data_range=255)))
