"""Made-up faces for tests: white spots, and a detector that finds them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects, label

from fomm_core.face.detector import FaceBox
from fomm_core.image import ByteArray

SIDE = 40
"""Side of a face in pixels."""


class WhiteSpots:
    """A face detector that takes white spots for faces, however large they are.

    Attributes:
        looks: number of pictures it has looked at.
    """

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self, picture: ByteArray) -> list[FaceBox]:
        """Boxes of the spots of (H, W, 3) uint8."""
        self.looks += 1
        spots, _ = label(picture.min(axis=2) > 200)
        return [
            FaceBox(x.start, y.start, x.stop - x.start, y.stop - y.start, 0.9)
            for y, x in find_objects(spots)
        ]


def spots_at(*lefts: int) -> npt.NDArray[np.uint8]:
    """A frame of 320x240 with a face in the middle row for each number: its left border."""
    frame = np.full((240, 320, 3), 8, np.uint8)
    for left in lefts:
        frame[100 : 100 + SIDE, left : left + SIDE] = 255
    return frame
