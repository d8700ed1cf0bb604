"""Bringing a picture to the size of a model."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from fomm_core.image.arrays import ByteArray

Fit = Literal["crop", "pad", "stretch"]
"""Ways in which a picture of other proportions is fitted; see :func:`fit`."""


def fit(image: ByteArray, size: tuple[int, int], mode: Fit = "crop") -> ByteArray:
    """Bring a picture to a given size with an antialiased (Lanczos) filter.

    Args:
        image: (H, W, 3) uint8, RGB.
        size: (height, width) to reach, in pixels.
        mode: ``"crop"`` keeps the proportions and cuts what hangs over, equally on both
            sides; ``"pad"`` keeps the proportions and fills up with black; ``"stretch"``
            does not keep them.

    Returns:
        (height, width, 3) uint8; ``image`` itself where it has that size already.
    """
    height, width = image.shape[:2]
    if (height, width) == size:
        return image
    if mode == "stretch":
        return resample(image, size, (0.0, 0.0, width, height))
    if mode == "pad":
        return _pad(image, size)
    scale = min(height / size[0], width / size[1])
    crop_h, crop_w = size[0] * scale, size[1] * scale
    left, top = (width - crop_w) / 2, (height - crop_h) / 2
    return resample(image, size, (left, top, left + crop_w, top + crop_h))


def _pad(image: ByteArray, size: tuple[int, int]) -> ByteArray:
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    padded = np.zeros((*size, 3), np.uint8)
    padded[top : top + inner[0], left : left + inner[1]] = fit(image, inner, "stretch")
    return padded


def resample(
    image: ByteArray, size: tuple[int, int], box: tuple[float, float, float, float]
) -> ByteArray:
    """Resample a part of a picture with an antialiased (Lanczos) filter.

    Args:
        image: (H, W, 3) uint8, RGB.
        size: (height, width) to reach, in pixels.
        box: left, top, right, bottom of the part, in pixels; fractions are allowed, and what
            lies outside the picture is left out.

    Returns:
        (height, width, 3) uint8.
    """
    from PIL import Image

    height, width = image.shape[:2]
    left, right = _reach(box[0], box[2], width, size[1])
    top, bottom = _reach(box[1], box[3], height, size[0])
    # Pillow copies what it is given: the part alone, with what the filter sees of the rest.
    part = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
    inside = (
        max(box[0], 0.0) - left,
        max(box[1], 0.0) - top,
        min(box[2], width) - left,
        min(box[3], height) - top,
    )
    return np.array(part.resize((size[1], size[0]), Image.Resampling.LANCZOS, box=inside))


def _reach(start: float, end: float, length: int, pixels: int) -> tuple[int, int]:
    """First and last pixel, exclusive, that the filter sees from ``start`` to ``end``."""
    reach = 3 * max(1.0, (end - start) / pixels) + 1
    return max(0, math.floor(start - reach)), min(length, math.ceil(end + reach))
