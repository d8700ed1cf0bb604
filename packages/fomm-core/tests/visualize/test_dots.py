from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import colormaps

from fomm_core.errors import ConfigError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.visualize import draw_keypoints, keypoint_colors
from fomm_core.visualize.dots import dot_radius

pytestmark = pytest.mark.once

GREY = np.full((48, 65, 3), 128, np.uint8)


def at(*places: tuple[float, float]) -> Keypoints:
    return Keypoints(np.array(places, np.float32))


def test_a_dot_has_its_colour_at_the_keypoint_and_nothing_elsewhere():
    drawn = draw_keypoints(GREY, at((0.0, -1.0), (1.0, 1.0)), radius=3)
    colors = np.rint(keypoint_colors(2)).astype(np.uint8)
    np.testing.assert_array_equal(drawn[0, 32], colors[0])
    np.testing.assert_array_equal(drawn[47, 64], colors[1])
    changed = np.argwhere((drawn != GREY).any(axis=2))
    to_dots = np.linalg.norm(changed[:, None] - np.array([[0, 32], [47, 64]]), axis=2)
    assert to_dots.min(axis=1).max() < 3 + 1.5


def test_the_image_given_is_not_painted_on():
    before = GREY.copy()
    draw_keypoints(GREY, at((0.0, 0.0)))
    np.testing.assert_array_equal(GREY, before)


@given(radius=st.floats(1.75, 12), x=st.floats(-0.3, 0.3), y=st.floats(-0.3, 0.3))
def test_edges_are_smooth_so_that_the_painted_area_is_a_discs(radius, x, y):
    black = np.zeros((81, 81, 3), np.uint8)
    drawn = draw_keypoints(black, at((x, y)), radius=radius, border=False)
    covered = drawn.astype(float).sum() / keypoint_colors(1).sum()
    # A disc whose edge fades over one pixel: the integral of its coverage.
    assert covered == pytest.approx(np.pi * (radius**2 + 1 / 12), rel=0.05)


def test_the_outline_is_dark_around_light_dots_and_light_around_dark_ones():
    yellow = draw_keypoints(GREY, at((0.0, 0.0)), radius=4, colormap="autumn_r")
    blue = draw_keypoints(GREY, at((0.0, 0.0)), radius=4, colormap="winter")
    row = 23
    assert yellow[row, 27].max() < 80
    assert blue[row, 27].min() > 180
    plain = draw_keypoints(GREY, at((0.0, 0.0)), radius=4, colormap="winter", border=False)
    np.testing.assert_array_equal(plain[row, 27], GREY[row, 27])


def test_keypoints_outside_or_not_finite_are_left_out():
    outside = at((5.0, 0.0), (0.0, -5.0), (3e38, -3e38), (np.nan, 0.0), (np.inf, 0.0))
    np.testing.assert_array_equal(draw_keypoints(GREY, outside), GREY)


def test_dots_cut_by_the_edge_are_drawn_in_part():
    drawn = draw_keypoints(GREY, at((1.05, 0.0)), radius=5)
    assert (drawn[:, -1] != GREY[:, -1]).any()


def test_colours_differ_for_all_keypoints():
    assert len(np.unique(np.rint(keypoint_colors(20)), axis=0)) == 20


def test_unknown_colour_maps_are_refused_by_key():
    with pytest.raises(ConfigError, match=r"visualizer_params\.colormap: .* found 'sparkles'"):
        draw_keypoints(GREY, at((0.0, 0.0)), colormap="sparkles")


@pytest.mark.parametrize("count", [1, 2, 10, 20, 300])
def test_the_default_colours_are_those_of_matplotlib(count):
    expected = colormaps["gist_rainbow"](np.linspace(0, 1, count))[:, :3] * 255
    np.testing.assert_array_equal(keypoint_colors(count), expected.astype(np.float32))


def test_other_colour_maps_need_matplotlib_and_say_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert keypoint_colors(3).shape == (3, 3)
    with pytest.raises(ConfigError, match=r"found 'winter'; pip install matplotlib"):
        keypoint_colors(3, "winter")


def test_dots_grow_with_the_frame_but_stay_visible():
    assert dot_radius((256, 256)) == 5
    assert dot_radius((512, 1024), kp_size=3) == 6
    assert dot_radius((16, 16)) > 1.5
