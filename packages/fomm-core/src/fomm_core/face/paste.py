"""Putting a generated square back into the whole picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fomm_core.face.crop import Crop
from fomm_core.image import ByteArray, resample
from fomm_core.motion.keypoints import FloatArray

_RAMP = 0.08
"""Width of the transition at a square's border, as a share of its side: there the prediction
drifts away from the source by 2 of 255 on average."""

_SHARED = 0.1
"""Width of the transition between two squares that overlap, in sides."""


class Paster:
    """Puts the generated squares of one picture back into it.

    Inside a square the prediction fades in over the outer 8 % of its side, except where the
    square ends with the picture; outside the squares every pixel is the picture's own. Where
    squares overlap, each pixel belongs to the square whose centre is nearest.

    Args:
        picture: (H, W, 3) uint8, RGB.
        crops: the squares, in whole pixels.
    """

    def __init__(self, picture: ByteArray, crops: Sequence[Crop]) -> None:
        self._picture = picture
        self._patches = [
            _Patch(picture, crop, [other for other in crops if other is not crop]) for crop in crops
        ]

    def paste(self, predictions: Sequence[ByteArray]) -> ByteArray:
        """Give the picture with one prediction, (h, w, 3) uint8, in each square."""
        canvas = self._picture.copy()
        for patch, prediction in zip(self._patches, predictions, strict=True):
            patch.paste(canvas, prediction)
        return canvas


class _Patch:
    """The visible part of one square, with the weight of its prediction at each pixel."""

    def __init__(self, picture: ByteArray, crop: Crop, others: Sequence[Crop]) -> None:
        height, width = picture.shape[:2]
        x, y, side = round(crop.left), round(crop.top), round(crop.side)
        top, bottom = max(y, 0), min(y + side, height)
        left, right = max(x, 0), min(x + side, width)
        self._side = side
        self._target = np.s_[top:bottom, left:right]
        self._origin = np.s_[top - y : bottom - y, left - x : right - x]
        rows = np.arange(top, bottom, dtype=np.float32)
        columns = np.arange(left, right, dtype=np.float32)
        vertical = _ramp(rows, y, side, height)
        weight = np.outer(vertical, _ramp(columns, x, side, width))
        for other in others:
            weight *= _share(rows, columns, crop, other)
        self._weight: FloatArray = weight[..., None].astype(np.float32)
        self._own = picture[self._target].astype(np.float32)

    def paste(self, canvas: ByteArray, prediction: ByteArray) -> None:
        """Add to the canvas what the prediction changes of the picture."""
        height, width = prediction.shape[:2]
        square = resample(prediction, (self._side, self._side), (0.0, 0.0, width, height))
        change = self._weight * (square[self._origin] - self._own)
        region = canvas[self._target]
        np.copyto(region, np.clip(region + change + 0.5, 0, 255), casting="unsafe")


def _ramp(pixels: FloatArray, start: int, side: int, length: int) -> FloatArray:
    """Weights 0..1 along one axis; 0 at the square's ends, unless the picture ends there."""
    width = max(1.0, _RAMP * side)
    rising = pixels - start if start > 0 else np.full(len(pixels), side)
    falling = start + side - 1 - pixels if start + side < length else np.full(len(pixels), side)
    return _smooth(np.minimum(rising, falling) / width)


def _share(rows: FloatArray, columns: FloatArray, crop: Crop, other: Crop) -> FloatArray:
    """Weights 0..1 of pixels (rows, columns) for ``crop``, against another square."""
    own, others = (_distance(rows, columns, square) for square in (crop, other))
    return _smooth(0.5 + (others - own) / _SHARED)


def _distance(rows: FloatArray, columns: FloatArray, crop: Crop) -> FloatArray:
    """Distance from a square's centre in sides, 0.5 at its border (maximum norm)."""
    x, y = crop.centre
    vertical, horizontal = np.abs(rows + 0.5 - y), np.abs(columns + 0.5 - x)
    farther: FloatArray = np.maximum(vertical[:, None], horizontal)
    return farther / np.float32(crop.side)


def _smooth(values: FloatArray) -> FloatArray:
    """Smoothstep: 0 up to 0, 1 from 1 on, without corners between."""
    clipped = np.clip(values, 0, 1)
    return clipped * clipped * (3 - 2 * clipped)
