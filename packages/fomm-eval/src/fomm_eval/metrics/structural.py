"""Structural similarity (SSIM, Wang et al. 2004) of 8-bit frames.

The figure is that of ``skimage.metrics.structural_similarity`` with a Gaussian window, which
the tests compare it with. It takes less than half of that function's time, with which the
metrics would cost more than a quarter of a reconstruction of 128x128 frames.
"""

from __future__ import annotations

import numpy as np

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_eval.errors import EvaluationError

WINDOW = 11
"""Side of the Gaussian window in pixels; frames must not be smaller."""

_SIGMA = 1.5
_REACH = WINDOW // 2
_C1, _C2 = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
_MIDDLE = np.float32(127.5)


def _window() -> FloatArray:
    """The weights of the window along one axis, (11,)."""
    window = np.exp(-0.5 * ((np.arange(WINDOW) - _REACH) / _SIGMA) ** 2)
    weights: FloatArray = (window / window.sum()).astype(np.float32)
    return weights


_WEIGHTS = _window()


def ssim(real: ByteArray, generated: ByteArray) -> float:
    """Mean structural similarity over colours and over all places of the window.

    Gaussian window with sigma 1.5, cut off at 11 pixels; population covariance.

    Args:
        real, generated: (H, W, 3) uint8, of one size.

    Raises:
        EvaluationError: the frames are smaller than the window.
    """
    height, width, _ = real.shape
    if min(height, width) < WINDOW:
        raise EvaluationError(
            f"SSIM: expected frames of at least {WINDOW}x{WINDOW} pixels, found {width}x{height}"
        )
    # One colour at a time: what is worked on stays in the processor's cache.
    colours = (_mean_of_plane(real[:, :, c], generated[:, :, c]) for c in range(3))
    return sum(colours) / 3


def _mean_of_plane(real: ByteArray, generated: ByteArray) -> float:
    """Mean structural similarity of two planes (H, W) uint8."""
    # Values about 0 lose less to rounding when their mean square is subtracted.
    x, y = (plane.astype(np.float32) - _MIDDLE for plane in (real, generated))
    mean_x, mean_y, squares, product = _windowed(np.stack([x, y, x * x + y * y, x * y]))
    covariance = product - mean_x * mean_y
    variances = squares - mean_x * mean_x - mean_y * mean_y
    mean_x, mean_y = mean_x + _MIDDLE, mean_y + _MIDDLE
    above = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    below = (mean_x * mean_x + mean_y * mean_y + _C1) * (variances + _C2)
    return float(np.mean(above / below, dtype=np.float64))


def _windowed(planes: FloatArray) -> FloatArray:
    """Weighted means over all places of the window that are inside the planes.

    Args:
        planes: (P, H, W) float32.

    Returns:
        (P, H - 10, W - 10) float32.
    """
    return _along_columns(_along_columns(planes))


def _along_columns(planes: FloatArray) -> FloatArray:
    """Weighted means down the columns of (P, H, W), turned: (P, W, H - 10)."""
    places = planes.shape[1] - WINDOW + 1
    shifted = [planes[:, first : first + places] for first in range(WINDOW)]
    means: FloatArray = _WEIGHTS[_REACH] * shifted[_REACH]
    for weight, one, other in zip(_WEIGHTS[:_REACH], shifted, reversed(shifted), strict=False):
        means += weight * (one + other)
    return means.swapaxes(1, 2)
