"""Boxes around faces, and the form of a detector that finds them in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fomm_core.image import ByteArray

LEAST_SCORE = 0.6
"""Certainty from which a box counts as a face."""

POSSIBLE_SCORE = 0.1
"""Certainty from which a detector tells of a box: a face in too few pixels, or none at all."""

_SAME_FACE = 0.3
"""Overlap (intersection over union) from which two boxes are one face."""


@dataclass(frozen=True)
class FaceBox:
    """Box around a face, forehead to chin, in pixels of its picture.

    Attributes:
        left, top, width, height: of the box; it may reach beyond the picture.
        score: the detector's certainty, 0..1.
    """

    left: float
    top: float
    width: float
    height: float
    score: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) of the box's centre."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def area(self) -> float:
        """Pixels inside."""
        return self.width * self.height

    def scaled(self, factor: float) -> FaceBox:
        """The box in the picture enlarged by ``factor``."""
        left, top, width, height = (
            side * factor for side in (self.left, self.top, self.width, self.height)
        )
        return FaceBox(left, top, width, height, self.score)

    def moved(self, x: float, y: float) -> FaceBox:
        """The box moved by that many pixels to the right and down."""
        return FaceBox(self.left + x, self.top + y, self.width, self.height, self.score)

    def overlap(self, other: FaceBox) -> float:
        """Intersection over union with another box, 0..1."""
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        width = max(0.0, right - max(self.left, other.left))
        shared = width * max(0.0, bottom - max(self.top, other.top))
        return shared / (self.area + other.area - shared)


class FaceDetector(Protocol):
    """Finds the faces of one picture at its own size."""

    def __call__(self, picture: ByteArray) -> list[FaceBox]:
        """Boxes of what may be upright faces, of any score from :data:`POSSIBLE_SCORE` on.

        Args:
            picture: (H, W, 3) uint8, RGB, of at most some 1,300 pixels.
        """


def each_once(boxes: Sequence[FaceBox]) -> list[FaceBox]:
    """Of boxes that overlap by 30 % or more the surest one; the surest first."""
    if not boxes:
        return []
    figures = [(box.left, box.top, box.width, box.height, -box.score) for box in boxes]
    left, top, width, height, doubt = np.array(figures).T
    right, bottom, area = left + width, top + height, width * height
    rest = np.argsort(doubt, kind="stable")
    kept = []
    while len(rest):
        first, rest = rest[0], rest[1:]
        kept.append(boxes[first])
        across = np.minimum(right[rest], right[first]) - np.maximum(left[rest], left[first])
        down = np.minimum(bottom[rest], bottom[first]) - np.maximum(top[rest], top[first])
        shared = np.maximum(across, 0) * np.maximum(down, 0)
        rest = rest[shared < _SAME_FACE * (area[rest] + area[first] - shared)]
    return kept
