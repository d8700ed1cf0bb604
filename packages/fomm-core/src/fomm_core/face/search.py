"""Finding faces in pictures of any size, upright or on their side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fomm_core.face.crop import Crop
from fomm_core.face.detector import LEAST_SCORE, FaceBox, FaceDetector, each_once
from fomm_core.image import ByteArray

COARSE, MEDIUM, FINE = 320, 640, 1280
"""Longest sides in pixels at which a picture is searched. A face is told for sure from some 20
pixels on, and a place where one may be from some 10 on; very large ones only at the coarsest."""

_SURE_SCORE = 0.85
_CLEAR = 48
"""Height in pixels from which a closer look at a face shows no more."""

_TILE = 2 * _CLEAR
_TILES_IN_ROW = 8
_FOLLOWED = 24
"""Height in pixels at which a face is searched for in the next frames."""


@dataclass(frozen=True)
class Faces:
    """Faces of a picture that may lie on its side.

    Attributes:
        boxes: from left to right, in the picture after its turns.
        turns: quarter turns, counter-clockwise (``numpy.rot90``), that make it upright.
    """

    boxes: tuple[FaceBox, ...]
    turns: int = 0


def find_faces(detector: FaceDetector, picture: ByteArray) -> Faces:
    """Find the large faces of a picture, or its small ones where there are no large ones.

    Args:
        detector: see :func:`~fomm_core.face.yunet.open_detector`.
        picture: (H, W, 3) uint8, RGB, of any size.

    Returns:
        The faces, turned upright.
    """
    small, factor = _reduced(picture, COARSE)
    large = _surest_way(partial(_certain, detector), small)
    if not large.boxes:
        return find_all_faces(detector, picture)
    return Faces(tuple(box.scaled(factor) for box in large.boxes), large.turns)


def find_all_faces(detector: FaceDetector, picture: ByteArray) -> Faces:
    """Find every face of a picture, large and small ones; arguments as :func:`find_faces`.

    The whole picture is searched at two coarse sizes. Where that shows something which may be
    a face, the place alone is looked at again in the picture's own pixels. Only where no face
    is found so, the whole picture is searched at a fine size.
    """
    faces = _surest_way(partial(_find_everyone, detector), picture)
    return faces if faces.boxes else Faces(find_upright(detector, picture, FINE))


def find_upright(detector: FaceDetector, picture: ByteArray, longest: int) -> tuple[FaceBox, ...]:
    """Find the faces of an upright picture that show at one size, from left to right.

    Args:
        detector: see :func:`~fomm_core.face.yunet.open_detector`.
        picture: (H, W, 3) uint8, RGB, of any size.
        longest: longest side at which it is searched, in pixels.
    """
    small, factor = _reduced(picture, longest)
    return _ordered(box.scaled(factor) for box in _certain(detector, small))


def size_to_follow(box: FaceBox, size: tuple[int, int]) -> int:
    """The coarsest of the sizes at which a face of a picture of (height, width) shows well."""
    needed = _FOLLOWED * max(size) / max(box.height, 1.0)
    return next((longest for longest in (COARSE, MEDIUM) if longest >= needed), FINE)


def _surest_way(look: Callable[[ByteArray], Sequence[FaceBox]], picture: ByteArray) -> Faces:
    """Faces as the picture is, unless a look is sure of one only in another way up."""
    upright = look(picture)
    if _best(upright) >= _SURE_SCORE:
        return Faces(_ordered(upright))
    ways = [upright, *(look(np.rot90(picture, turns)) for turns in (1, 2, 3))]
    turns = max(range(4), key=lambda turns: _best(ways[turns]))
    turns = turns if _best(ways[turns]) >= _SURE_SCORE else 0
    return Faces(_ordered(ways[turns]), turns)


def _find_everyone(detector: FaceDetector, picture: ByteArray) -> list[FaceBox]:
    """The upright faces of a picture of any size."""
    medium, factor = _reduced(picture, MEDIUM)
    coarse, further = _reduced(medium, COARSE)
    large = (box.scaled(further) for box in _certain(detector, coarse))
    seen = each_once([*detector(medium), *large])
    clear = [box for box in seen if box.score >= _least_score(box)]
    unclear = [box.scaled(factor) for box in seen if box.height < _CLEAR and box not in clear]
    found = [box.scaled(factor) for box in clear]
    for start in range(0, len(unclear), _TILES_IN_ROW**2):
        found += _looked_at_closely(detector, picture, unclear[start : start + _TILES_IN_ROW**2])
    return each_once(found)


def _least_score(box: FaceBox) -> float:
    """The score at which a box needs no closer look."""
    return LEAST_SCORE if box.height >= _CLEAR else _SURE_SCORE


def _looked_at_closely(
    detector: FaceDetector, picture: ByteArray, places: Sequence[FaceBox]
) -> list[FaceBox]:
    """The faces at these places, all of them searched at once, side by side in one sheet."""
    columns = min(_TILES_IN_ROW, len(places))
    sheet = np.zeros((math.ceil(len(places) / columns) * _TILE, columns * _TILE, 3), np.uint8)
    squares = [Crop.around(place.centre, 2 * place.height) for place in places]
    for index, square in enumerate(squares):
        top, left = (_TILE * part for part in divmod(index, columns))
        sheet[top : top + _TILE, left : left + _TILE] = square.cut(picture, (_TILE, _TILE))
    found = []
    for box in _certain(detector, sheet):
        (column, x), (row, y) = (divmod(part, _TILE) for part in box.centre)
        index = int(row * columns + column)
        if max(abs(x - _TILE / 2), abs(y - _TILE / 2)) < _TILE / 4 and index < len(squares):
            square, inside = squares[index], box.moved(-column * _TILE, -row * _TILE)
            found.append(inside.scaled(square.side / _TILE).moved(square.left, square.top))
    return found


def _certain(detector: FaceDetector, picture: ByteArray) -> list[FaceBox]:
    """The boxes that count as faces."""
    return [box for box in detector(picture) if box.score >= LEAST_SCORE]


def _reduced(picture: ByteArray, longest: int) -> tuple[ByteArray, float]:
    """The picture at most ``longest`` pixels long, and how much smaller that made it."""
    from PIL import Image

    height, width = picture.shape[:2]
    factor = max(1.0, max(height, width) / longest)
    size = (max(1, round(height / factor)), max(1, round(width / factor)))
    if size == (height, width):
        return picture, 1.0
    image = Image.fromarray(np.ascontiguousarray(picture))
    # The gap lets Pillow average whole pixels first: 2 ms instead of 18 for 1600x1200.
    small = image.resize((size[1], size[0]), Image.Resampling.BILINEAR, reducing_gap=1.0)
    return np.asarray(small), factor


def _best(boxes: Iterable[FaceBox]) -> float:
    return max((box.score for box in boxes), default=0.0)


def _ordered(boxes: Iterable[FaceBox]) -> tuple[FaceBox, ...]:
    return tuple(sorted(boxes, key=lambda box: box.left))
