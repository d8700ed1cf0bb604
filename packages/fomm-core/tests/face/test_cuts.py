"""Cuts are found by the colours that they change at once; movement and light are none."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.face.crop import Crop
from fomm_core.face.cuts import change_of_colours, find_cuts
from fomm_core.model.samples import SAMPLE_CLIPS
from fomm_core.video import VideoReader

SQUARE = Crop(10, 10, 64)


@pytest.fixture
def frame() -> np.ndarray:
    """A bright spot on a dark ground, (96, 96, 3)."""
    y, x = np.mgrid[:96, :96]
    spot = np.exp(-((x - 40) ** 2 + (y - 42) ** 2) / 120)[..., None]
    return (40 + spot * np.array([180, 120, 90])).astype(np.uint8)


@given(dx=st.integers(-12, 12), dy=st.integers(-12, 12))
def test_what_moves_within_the_square_changes_no_colours(dx, dy):
    rng = np.random.default_rng(1)
    before = np.full((96, 96, 3), 50, np.uint8)
    before[30:50, 30:50] = rng.integers(0, 256, (20, 20, 3))
    after = np.roll(before, (dy, dx), axis=(0, 1))
    assert change_of_colours(before, after, SQUARE) < 4


@given(level=st.integers(0, 205))
def test_other_colours_count_as_far_as_they_are_others(level):
    before = np.full((96, 96, 3), level, np.uint8)
    assert change_of_colours(before, before + np.uint8(50), SQUARE) == 50


def test_the_square_may_reach_beyond_the_frames(frame):
    assert change_of_colours(frame, frame, Crop(-20, -30, 300)) == 0


def test_a_cut_stands_out():
    assert find_cuts([0, 1, 2, 1, 40, 2, 1], reach=3) == (4,)
    assert find_cuts([0, 30], reach=5) == (1,)
    assert find_cuts([0, 20, 0, 0, 0, 20, 1], reach=3) == (1, 5)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([0, 1, 2, 7, 2, 1], id="little"),
        pytest.param([0, 1, 12, 15, 13, 1], id="gradual"),
        pytest.param([0, 1, 40, 1, 40, 1], id="flash"),
        pytest.param([], id="none"),
    ],
)
def test_what_is_no_cut(changes):
    assert find_cuts(changes, reach=3) == ()


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("name", sorted(SAMPLE_CLIPS))
def test_the_sample_clips_have_none_and_joined_ones_have(name, step):
    (own, other) = (
        list(islice(VideoReader(SAMPLE_CLIPS[each]), 0, 60, step))
        for each in (name, "moods" if name == "talking" else "talking")
    )
    square = Crop(50, 50, 156)
    joined = own + other
    changes = [change_of_colours(*pair, square) for pair in pairwise(joined)]
    assert find_cuts([0.0, *changes], reach=5) == (len(own),)
