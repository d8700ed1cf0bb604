"""The whole source picture, small, with the animated squares and their keypoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fomm_core.image import ByteArray, fit
from fomm_core.motion.keypoints import Keypoints
from fomm_core.visualize.dots import dot_radius, keypoint_colors, paint_dots
from fomm_core.visualize.sheet import GROUND

_LINE = (255, 255, 255)


@dataclass(frozen=True, eq=False)
class MarkedSquare:
    """A square of a picture with the keypoints that were detected in it.

    Attributes:
        left, top, side: of the square, in pixels of the picture; it may reach beyond.
        keypoints: in [-1, 1] of the square.
    """

    left: float
    top: float
    side: float
    keypoints: Keypoints

    def placed(self, factor: float, left: float, top: float) -> MarkedSquare:
        """The square in the picture enlarged by ``factor`` and moved to (left, top)."""
        return MarkedSquare(
            left + factor * self.left, top + factor * self.top, factor * self.side, self.keypoints
        )


def draw_overview(
    picture: ByteArray,
    squares: Iterable[MarkedSquare],
    size: tuple[int, int],
    kp_size: float = 5.0,
    colormap: str = "gist_rainbow",
) -> ByteArray:
    """Draw a picture with squares and keypoints on it, its proportions kept.

    Args:
        picture: (H, W, 3) uint8, RGB.
        squares: in pixels of the picture.
        size: (height, width) to give; what the picture leaves free is dark.
        kp_size: radius of a keypoint in a square of 256 pixels.
        colormap: a matplotlib colour map, one colour per keypoint.

    Returns:
        (height, width, 3) uint8.

    Raises:
        ConfigError: an unknown colour map.
    """
    factor = min(size[0] / picture.shape[0], size[1] / picture.shape[1])
    height, width = (max(1, round(factor * length)) for length in picture.shape[:2])
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    drawn = np.full((*size, 3), GROUND, np.uint8)
    drawn[top : top + height, left : left + width] = fit(picture, (height, width), "stretch")
    for square in squares:
        _mark(drawn, square.placed(factor, left, top), kp_size, colormap)
    return drawn


def _mark(drawn: ByteArray, square: MarkedSquare, kp_size: float, colormap: str) -> None:
    """Draw a square and its keypoints into an image, in place, as far as it goes."""
    from PIL import Image, ImageDraw

    image = Image.fromarray(drawn)
    right, bottom = square.left + square.side - 1, square.top + square.side - 1
    width = max(1, round(min(drawn.shape[:2]) / 128))
    corners = (square.left, square.top, right, bottom)
    ImageDraw.Draw(image).rectangle(corners, outline=_LINE, width=width)
    drawn[...] = np.asarray(image)
    side = round(square.side)
    radius = dot_radius((side, side), kp_size)
    colors = keypoint_colors(len(square.keypoints), colormap)
    paint_dots(drawn, _in_picture(square, drawn.shape), colors, radius)


def _in_picture(square: MarkedSquare, shape: tuple[int, ...]) -> Keypoints:
    """The keypoints of a square in [-1, 1] of the image around it."""
    corner = np.array([square.left, square.top], np.float32)
    last_pixel = np.array([shape[1] - 1, shape[0] - 1], np.float32)
    places = corner + (square.keypoints.value + 1) / 2 * (square.side - 1)
    return Keypoints(places / last_pixel * 2 - 1)
