"""The source of an animation: a picture, and the squares of it that are animated."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fomm_core.errors import FaceError
from fomm_core.face.crop import (
    SMALLEST_FACE,
    Crop,
    frame_face,
    is_framed,
    middle_square,
    require_size,
)
from fomm_core.face.detector import FaceBox
from fomm_core.face.framer import FaceFramer
from fomm_core.face.search import Faces, find_all_faces, find_faces
from fomm_core.face.yunet import open_detector
from fomm_core.image import ByteArray, fit
from fomm_core.loading import Model
from fomm_core.pipeline.options import AnimationOptions, is_face_number

logger = logging.getLogger(__name__)

LONGEST = 1920
"""Pixels of the longer side up to which pictures keep their size: photographs have several
times as many, and a video of that size would play nowhere."""

MOST_FACES = 16
"""Faces of one picture that count, the largest ones; each takes the time of one."""


@dataclass(frozen=True, eq=False)
class SourcePicture:
    """A picture with the squares of it that are animated.

    Attributes:
        picture: (H, W, 3) uint8, RGB, upright.
        crops: the squares; empty where the picture is animated as a whole.
        shown: whether the result is this picture, with the generated squares put back.
        origins: left, top and side of the squares in pixels of the upright source as it was
            given, before any scaling.
    """

    picture: ByteArray
    crops: tuple[Crop, ...] = ()
    shown: bool = False
    origins: tuple[tuple[float, float, float], ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.picture.shape[0], self.picture.shape[1]

    def with_square(self) -> SourcePicture:
        """The same, with the square in its middle where it has none."""
        return replace(self, crops=self.crops or (middle_square(self.size),))

    def whole(self, height: int | None) -> SourcePicture:
        """The same to be shown, at a height in pixels or at most :data:`LONGEST` pixels long."""
        factor = height / self.size[0] if height else min(1.0, LONGEST / max(self.size))
        if factor == 1:
            return replace(self, shown=True)
        size = (round(self.size[0] * factor), max(1, round(self.size[1] * factor)))
        logger.info("the picture is scaled to %d x %d pixels", size[1], size[0])
        crops = tuple(crop.scaled(factor).whole() for crop in self.crops)
        return replace(self, picture=fit(self.picture, size, "stretch"), crops=crops, shown=True)

    def square_alone(self, side: int) -> SourcePicture:
        """The first square as a picture of its own to be shown, that many pixels high."""
        cut = self.crops[0].cut(self.picture, (side, side))
        return replace(self, picture=cut, crops=(Crop(0, 0, side),), shown=True)

    def squares(self, size: tuple[int, int]) -> list[ByteArray]:
        """The pictures to animate, those cut out at the model's (height, width)."""
        if not self.crops:
            return [self.picture]
        return [crop.cut(self.picture, size) for crop in self.crops]


def open_framer(model: Model, options: AnimationOptions) -> FaceFramer | None:
    """Finder of faces, where the model and the options want one and it can run here.

    A choice of faces that a model without framing cannot follow is told in a warning.

    Raises:
        FaceError: faces are asked for by number or all of them, and there is no detector.
    """
    if options.crop == "off":
        return None
    if model.framing is None:
        if options.face != "largest":
            logger.warning("face: %s looks for no faces; the whole picture is animated", model.name)
        return None
    try:
        detector = open_detector()
    except FaceError as error:
        if options.face != "largest":
            raise
        logger.warning("%s", error)
        return None
    return FaceFramer(detector, model.framing, model.engine.detect, model.frame_size)


def frame_source(
    picture: ByteArray, framer: FaceFramer | None, options: AnimationOptions
) -> SourcePicture:
    """Find the faces of a picture that the options name, and frame them as the model wants.

    Args:
        picture: (H, W, 3) uint8, RGB.
        framer: see :func:`open_framer`; ``None`` takes the picture as it is.
        options: of the animation.

    Raises:
        FaceError: there is no face of that number, one is too small, or a square chosen by
            hand lies outside the picture.
    """
    if options.square is not None:
        source = _squared(picture, options.square)
    elif framer is not None:
        source = _framed(picture, framer, options)
    else:
        source = SourcePicture(picture)
    source = replace(source, origins=tuple((c.left, c.top, c.side) for c in source.crops))
    if _shows_picture(source, options):
        return source.with_square().whole(options.size)
    return source.with_square().square_alone(options.size) if options.size else source


def _shows_picture(source: SourcePicture, options: AnimationOptions) -> bool:
    if options.view not in ("generated", "default"):
        return False
    if options.paste_back is None:
        return bool(source.crops)
    return options.paste_back


def _squared(picture: ByteArray, square: Crop) -> SourcePicture:
    """The picture with a square that was chosen by hand."""
    source = SourcePicture(picture, (square,))
    x, y = square.centre
    if not (0 <= x <= source.size[1] and 0 <= y <= source.size[0]):
        expected = f"one with its middle in the picture of {source.size[1]} x {source.size[0]}"
        raise FaceError(f"square: expected {expected}, found {square.to_text()}")
    return source


def _framed(picture: ByteArray, framer: FaceFramer, options: AnimationOptions) -> SourcePicture:
    look = find_faces if options.face == "largest" else find_all_faces
    faces = look(framer.detector, picture)
    chosen = _chosen(faces, options)
    source = SourcePicture(np.ascontiguousarray(np.rot90(picture, faces.turns)))
    if faces.turns:
        logger.warning("the picture lies on its side: turned by %d degrees", 90 * faces.turns)
    if not chosen:
        logger.warning("no face found in the source: its middle is animated, as by --crop off")
    crops = tuple(_square_of(box, source, framer) for box in chosen)
    if len(crops) == 1 and is_framed(crops[0], source.size):
        return source
    return SourcePicture(source.picture, crops)


def _square_of(box: FaceBox, source: SourcePicture, framer: FaceFramer) -> Crop:
    """The square around one face, as the model wants it and as far as the picture goes."""
    framing = framer.framing_of(source.picture, box)
    return frame_face(box, framing).inside(source.size).whole()


def _no_such_face(number: int, count: int) -> str:
    if count == 0:
        return f"face {number}: expected a face in the source, found none; take another picture"
    return f"face: expected a number from 1 to {count}, counted from the left, found {number}"


def _chosen(faces: Faces, options: AnimationOptions) -> list[FaceBox]:
    """The faces that are asked for, each of them large enough."""
    boxes = _large_ones(faces.boxes)
    if is_face_number(options.face):
        if options.face > len(boxes):
            raise FaceError(_no_such_face(options.face, len(boxes)))
        boxes = [boxes[options.face - 1]]
    elif options.face == "largest":
        boxes = sorted(boxes, key=lambda box: -box.area)[:1]
    elif len(faces.boxes) > MOST_FACES:
        logger.warning("%d faces found: the %d largest are animated", len(faces.boxes), MOST_FACES)
    for box in boxes:
        require_size(box)
    return boxes


def _large_ones(boxes: Sequence[FaceBox]) -> list[FaceBox]:
    """The faces that count, from left to right: the largest, small ones where no other is."""
    large = [box for box in boxes if box.height >= SMALLEST_FACE] or boxes
    most = sorted(large, key=lambda box: -box.area)[:MOST_FACES]
    return sorted(most, key=lambda box: box.left)
