"""Structural similarity (SSIM, Wang et al. 2004) of 8-bit frames, by scikit-image.

It computes in float64: the variance of a window is a small difference of large numbers, which
float32 gets wrong by up to 1e-5 where a frame has few windows.
"""

from __future__ import annotations

import numpy as np
from skimage.metrics import structural_similarity

from fomm_core.image import ByteArray
from fomm_eval.errors import EvaluationError

WINDOW = 11
"""Side of the Gaussian window in pixels; frames must not be smaller."""


def ssim(real: ByteArray, generated: ByteArray) -> float:
    """Mean structural similarity over colours and over all places of the window, -1 to 1.

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
    similarity = structural_similarity(
        real.astype(np.float64),
        generated.astype(np.float64),
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(similarity)
