"""Whole pictures with rendered people in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fomm_core.face.detector import FaceBox
from fomm_core.image import fit, read_image
from fomm_core.model.samples import SAMPLE_PICTURES
from white_spots import WhiteSpots


@pytest.fixture(scope="session")
def group() -> Callable[..., np.ndarray]:
    """Pastes portraits, squares given as (name, left, top, side), into a 1600x1200 picture."""

    def make(*people: tuple[str, int, int, int], size: tuple[int, int] = (1200, 1600)):
        y, x = np.mgrid[: size[0], : size[1]]
        waves = 128 + 60 * np.sin(x / 170) + 60 * np.cos(y / 130)
        picture = np.stack([waves, waves, 255 - waves], axis=-1).astype(np.uint8)
        for name, left, top, side in people:
            portrait = fit(read_image(SAMPLE_PICTURES[name]), (side, side))
            picture[top : top + side, left : left + side] = portrait
        return picture

    return make


@pytest.fixture(scope="session")
def white_spots() -> Callable[[np.ndarray], list[FaceBox]]:
    """A detector that takes white spots for faces."""
    return WhiteSpots()
