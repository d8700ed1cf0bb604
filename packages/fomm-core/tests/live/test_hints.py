from __future__ import annotations

import numpy as np
import pytest

from fomm_core.face.crop import Crop
from fomm_core.live.hints import hints_for

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("side", "light", "expected"),
    [
        (120, 128, ()),
        (40, 128, ("move closer",)),
        (320, 128, ("move back",)),
        (120, 20, ("more light",)),
        (40, 20, ("more light", "move closer")),
        (None, 128, ()),
        (None, 20, ("more light",)),
    ],
)
def test_advice_follows_size_and_light(side, light, expected):
    frame = np.full((240, 320, 3), light, np.uint8)
    square = None if side is None else Crop.around((160, 120), side)
    assert hints_for(frame, square, frame[:64, :64]) == expected
