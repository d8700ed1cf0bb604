"""Squares of a picture, framed around a face as a model's training pictures are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fomm_core.errors import FaceError
from fomm_core.face.detector import FaceBox
from fomm_core.image import ByteArray, resample

if TYPE_CHECKING:  # the command line knows squares before it loads anything heavy
    from fomm_core.model.framing import Framing

SMALLEST_FACE = 24
"""Height in pixels of the smallest face that is animated."""

_FARTHEST_PIXEL = 20_000
_FARTHEST_SHIFT = 0.15
_LARGEST_SHRINKAGE = 0.8
_SAME_SQUARE = 0.8
"""Overlap with the picture's own square from which a picture counts as cropped already."""


@dataclass(frozen=True)
class Crop:
    """Square of a picture, in its pixels; whole ones unless it follows a face.

    Attributes:
        left, top: of the square; negative where it begins outside the picture.
        side: of the square, at least 1.
    """

    left: float
    top: float
    side: float

    @classmethod
    def around(cls, centre: tuple[float, float], side: float) -> Crop:
        """The square of that side with that centre (x, y)."""
        return cls(centre[0] - side / 2, centre[1] - side / 2, side)

    @classmethod
    def from_text(cls, text: str) -> Crop:
        """Read ``left,top,side``, in whole pixels.

        Raises:
            FaceError: the text is something else, or the side is too small.
        """
        try:
            left, top, side = (int(part) for part in text.split(","))
        except ValueError:
            expected = "left,top,side in whole pixels, such as 120,80,300"
            raise FaceError(f"square: expected {expected}, found {text!r}") from None
        if side < SMALLEST_FACE or max(abs(left), abs(top), side) > _FARTHEST_PIXEL:
            expected = f"a side of {SMALLEST_FACE} pixels or more, within a picture"
            raise FaceError(f"square: expected {expected}, found {text}")
        return cls(left, top, side)

    def to_text(self) -> str:
        """Write as :meth:`from_text` reads it."""
        return f"{self.left:.0f},{self.top:.0f},{self.side:.0f}"

    def whole(self) -> Crop:
        """The square in whole pixels that is nearest, as those that are pasted back."""
        side = max(1, round(self.side))
        x, y = self.centre
        return Crop(round(x - side / 2), round(y - side / 2), side)

    def scaled(self, factor: float) -> Crop:
        """The square in the picture enlarged by ``factor``."""
        return Crop(self.left * factor, self.top * factor, self.side * factor)

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) of the square's centre."""
        return self.left + self.side / 2, self.top + self.side / 2

    def overlap(self, other: Crop) -> float:
        """Intersection over union with another square, 0..1."""
        return self._box().overlap(other._box())

    def inside(self, size: tuple[int, int]) -> Crop:
        """The square moved into a picture, shrunk and moved as little as that takes.

        It moves by at most 15 % of its side and shrinks by at most 20 %, so that the face
        stays where the model expects it; what then still lies outside is reflected by
        :meth:`cut`.

        Args:
            size: (height, width) of the picture.
        """
        side = max(min(self.side, *size), self.side * _LARGEST_SHRINKAGE)
        x, y = self.centre
        farthest = self.side * _FARTHEST_SHIFT
        left = _moved_inside(x - side / 2, side, size[1], farthest)
        return Crop(left, _moved_inside(y - side / 2, side, size[0], farthest), side)

    def cut(self, picture: ByteArray, size: tuple[int, int]) -> ByteArray:
        """Cut the square out, at the model's size.

        Args:
            picture: (H, W, 3) uint8, RGB.
            size: (height, width) to give.

        Returns:
            (height, width, 3) uint8; what lies outside the picture is its reflection.
        """
        height, width = picture.shape[:2]
        right, bottom = self.left + self.side, self.top + self.side
        if min(self.left, self.top) >= 0 and right <= width and bottom <= height:
            return resample(picture, size, (self.left, self.top, right, bottom))
        left, top = math.floor(self.left), math.floor(self.top)
        rows = _reflected(top, math.ceil(bottom), height)
        columns = _reflected(left, math.ceil(right), width)
        box = (self.left - left, self.top - top, right - left, bottom - top)
        return resample(picture[np.ix_(rows, columns)], size, box)

    def _box(self) -> FaceBox:
        return FaceBox(self.left, self.top, self.side, self.side, 1.0)


def frame_face(box: FaceBox, framing: Framing) -> Crop:
    """The square around a face that has the model's framing, wherever it lies."""
    side = framing.side * box.height
    x, y = box.centre
    across, down = 0.5 - framing.centre_x, 0.5 - framing.centre_y
    return Crop.around((x + across * side, y + down * side), side)


def is_framed(crop: Crop, size: tuple[int, int]) -> bool:
    """Whether a picture of (height, width) is about that square of itself already."""
    return crop.overlap(middle_square(size)) >= _SAME_SQUARE


def middle_square(size: tuple[int, int]) -> Crop:
    """The largest square in the middle of a picture of (height, width)."""
    height, width = size
    return Crop.around((width / 2, height / 2), min(size)).whole()


def require_size(box: FaceBox) -> None:
    """Refuse a face with too few pixels to be animated.

    Raises:
        FaceError: it is lower than :data:`SMALLEST_FACE` pixels.
    """
    if box.height < SMALLEST_FACE:
        raise FaceError(
            f"face: expected one of {SMALLEST_FACE} pixels or more, found one of "
            f"{box.height:.0f}; take a larger picture"
        )


def _moved_inside(start: float, side: float, length: int, farthest: float) -> float:
    """Begin of a stretch of ``side`` pixels, moved towards the middle of 0..length."""
    wanted = min(max(start, 0), length - side) if side <= length else (length - side) / 2
    return start + min(max(wanted - start, -farthest), farthest)


def _reflected(start: int, end: int, length: int) -> npt.NDArray[np.int64]:
    """Indices start..end-1, those outside 0..length-1 mirrored at the edge."""
    steps = np.arange(start, end) % (2 * length)
    return np.minimum(steps, 2 * length - 1 - steps)
