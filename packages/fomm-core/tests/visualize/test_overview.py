from __future__ import annotations

import numpy as np
import pytest

from fomm_core.motion.keypoints import Keypoints
from fomm_core.visualize import MarkedSquare, draw_overview, keypoint_colors
from fomm_core.visualize.sheet import GROUND

pytestmark = pytest.mark.once

PICTURE = np.full((100, 200, 3), (60, 90, 120), np.uint8)
SIZE = (64, 64)


def square(left: float, top: float, side: float, *places: tuple[float, float]) -> MarkedSquare:
    return MarkedSquare(left, top, side, Keypoints(np.array(places or [(0.0, 0.0)])))


def test_the_picture_keeps_its_proportions():
    drawn = draw_overview(PICTURE, [], SIZE)
    assert drawn.shape == (*SIZE, 3)
    assert (drawn[16:48] == PICTURE[0, 0]).all()
    assert (drawn[:16] == GROUND).all()
    assert (drawn[48:] == GROUND).all()


def test_the_square_is_drawn_where_it_lies():
    drawn = draw_overview(PICTURE, [square(100, 25, 50)], SIZE)
    rows, columns = np.nonzero((drawn == 255).all(axis=2))
    assert (columns.min(), columns.max()) == (32, 47)
    assert (rows.min(), rows.max()) == (24, 39)


def test_keypoints_lie_in_their_square():
    places = [(-0.5, -0.5), (0.5, 0.25)]
    drawn = draw_overview(PICTURE, [square(60, 0, 100, *places)], (256, 256), kp_size=20)
    left, top, side = 60 * 1.28, 64, 128
    for (x, y), color in zip(places, keypoint_colors(2), strict=True):
        rows, columns = np.nonzero((drawn == np.rint(color)).all(axis=2))
        assert abs(columns.mean() - (left + (x + 1) / 2 * side)) < 1.5
        assert abs(rows.mean() - (top + (y + 1) / 2 * side)) < 1.5


def test_what_lies_outside_is_left_out():
    outside = [square(-30, -30, 60, (-0.9, -0.9)), square(900, 900, 40), square(-30, -30, 260)]
    drawn = draw_overview(PICTURE, outside, SIZE)
    assert drawn.shape == (*SIZE, 3)
    assert (PICTURE == (60, 90, 120)).all()
