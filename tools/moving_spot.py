"""Frames that tests of several packages animate: something simple that moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def moving_spot(
    count: int, size: tuple[int, int] = (64, 64), seed: int = 0
) -> list[npt.NDArray[np.uint8]]:
    """Draw a bright spot that wanders from left to right over ground that stands still.

    Args:
        count: number of frames.
        size: their width and height in pixels.
        seed: of the ground's noise.

    Returns:
        Frames, (H, W, 3) uint8, RGB.
    """
    width, height = size
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    ground = np.random.default_rng(seed).integers(0, 40, (height, width, 3))
    frames = []
    for number in range(count):
        centre = 0.3 + 0.4 * number / count
        spot = 215 * np.exp(-60 * ((x - centre) ** 2 + (y - 0.5) ** 2))
        frames.append((ground + spot[:, :, None]).astype(np.uint8))
    return frames
