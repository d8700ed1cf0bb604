"""Faces of a visitor's picture, found before it is animated, to be shown and chosen."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fomm_core.animator import Frame
from fomm_core.face.crop import Crop
from fomm_core.image import fit, read_image
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.source import frame_source, open_framer
from fomm_demo.services.animation import AnimationService
from fomm_demo.services.uploads import hide_paths_in_errors, take_picture

_LONGEST = 800
_CHOSEN, _OTHER = (37, 99, 235), (200, 200, 200)
_ALL = AnimationOptions(face="all", view="full")  # a view of squares leaves the picture as it is


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """The squares of a picture that can be animated.

    Attributes:
        picture: (H, W, 3) uint8, RGB, upright, at most 800 pixels long.
        squares: from left to right, in pixels of the upright picture at its own size.
        scale: pixels of ``picture`` for one of those.
    """

    picture: Frame
    squares: tuple[Crop, ...]
    scale: float

    @property
    def largest(self) -> int:
        """Index of the largest square."""
        return max(range(len(self.squares)), key=lambda index: self.squares[index].side)

    def drawn(self, chosen: Collection[int]) -> Frame:
        """The picture with the squares and their numbers drawn, the chosen ones in blue."""
        from PIL import Image, ImageDraw, ImageFont

        image = Image.fromarray(self.picture)
        longest = max(image.size)  # shown some 300 pixels wide, on phones and beside the video
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, longest // 22))
        width = max(2, longest // 160)
        for index, square in enumerate(self.squares):
            place = square.scaled(self.scale)
            colour = _CHOSEN if index in chosen else _OTHER
            corner = (place.left + place.side, place.top + place.side)
            draw.rectangle(((place.left, place.top), corner), outline=colour, width=width)
            label = (max(place.left, 0) + 2 * width, max(place.top, 0) + width)
            white = (255, 255, 255)
            draw.text(label, str(index + 1), white, font, stroke_width=width, stroke_fill=colour)
        return np.asarray(image)

    def at(self, x: float, y: float) -> int | None:
        """Index of the square whose middle is nearest to a point of ``picture`` inside it."""
        point = (x / self.scale, y / self.scale)
        inside = [
            index
            for index, square in enumerate(self.squares)
            if max(abs(a - b) for a, b in zip(square.centre, point, strict=True)) < square.side / 2
        ]
        nearest = {index: math.dist(self.squares[index].centre, point) for index in inside}
        return min(inside, key=nearest.__getitem__, default=None)

    def moved(self, index: int, x: float, y: float) -> FoundFaces:
        """The same with one square alone, moved to a point of ``picture``.

        Its middle lies there, or as near as keeps the square within the picture.
        """
        side = self.squares[index].side
        height, width = (length / self.scale for length in self.picture.shape[:2])
        middle = (_within(x / self.scale, side, width), _within(y / self.scale, side, height))
        return replace(self, squares=(Crop.around(middle, side).whole(),))


def _within(middle: float, side: float, length: float) -> float:
    """The nearest middle of a side that lies between 0 and a length, if it is no longer."""
    return max(min(middle, length - side / 2), side / 2)


def find_faces_of(animation: AnimationService, upload: Path, model: str) -> FoundFaces | None:
    """Find the squares of a picture that a model would animate.

    Args:
        animation: the models, folders and limits.
        upload: the picture.
        model: name of a model on offer.

    Returns:
        The squares; ``None`` where the picture is animated as it is.

    Raises:
        FommError: the picture cannot be used.
    """
    framer = open_framer(animation.models.get(model, False), replace(_ALL, face="largest"))
    if framer is None:
        return None
    with animation.workspace.job_folder() as folder, hide_paths_in_errors(folder):
        picture = read_image(take_picture(upload, folder, animation.limits))
    source = frame_source(picture, framer, _ALL)
    if not source.crops:
        return None
    scale = min(1.0, _LONGEST / max(source.size))
    size = (max(1, round(source.size[0] * scale)), max(1, round(source.size[1] * scale)))
    small = fit(source.picture, size, "stretch")
    return FoundFaces(small, source.crops, scale)
