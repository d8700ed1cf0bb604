"""The engine's inner maps turned into pictures of the frame's size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from fomm_core.image import ByteArray, to_uint8
from fomm_core.motion.keypoints import FloatArray


def picture(planes: FloatArray, size: tuple[int, int]) -> ByteArray:
    """Turn (3, h, w) in [0, 1] into an RGB image of ``size`` (height, width)."""
    image = to_uint8(planes)
    if image.shape[:2] == size:
        return image
    height, width = size
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def grey(plane: FloatArray, size: tuple[int, int]) -> ByteArray:
    """Turn (h, w) in [0, 1] into a grey image of ``size``: 0 is black and 1 white."""
    return picture(np.broadcast_to(plane, (3, *plane.shape)), size)


def heat(
    plane: FloatArray, color: FloatArray, ground: FloatArray, size: tuple[int, int]
) -> ByteArray:
    """Turn (h, w) in [0, 1] into an image of ``size``: from ``ground`` (0) to ``color`` (1).

    Both colours are (3,) RGB in [0, 255].
    """
    low, high = ground[:, None, None] / 255, color[:, None, None] / 255
    return picture(low + plane * (high - low), size)
