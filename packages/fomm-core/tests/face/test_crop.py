"""Squares around faces: the model's framing, inside the picture as far as that goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.errors import FaceError
from fomm_core.face.crop import Crop, frame_face, is_framed, middle_square, require_size
from fomm_core.face.detector import FaceBox
from fomm_core.model.framing import Framing

LENGTHS = st.integers(20, 400)
CROPS = st.builds(Crop, st.integers(-80, 300), st.integers(-80, 300), st.integers(4, 300))


def test_the_square_has_the_framing_of_the_model():
    framing = Framing(side=2.0, centre_x=0.5, centre_y=0.4)
    crop = frame_face(FaceBox(100, 200, 40, 50, 1.0), framing)
    assert crop.side == 100
    assert (120 - crop.left) / 100 == pytest.approx(0.5)
    assert (225 - crop.top) / 100 == pytest.approx(0.4)


@given(crop=CROPS, height=LENGTHS, width=LENGTHS)
def test_a_square_moves_and_shrinks_only_a_little_to_be_inside(crop, height, width):
    inside = crop.inside((height, width))
    assert 0.8 * crop.side <= inside.side <= crop.side
    for a, b in zip(inside.centre, crop.centre, strict=True):
        assert abs(a - b) <= 0.15 * crop.side + 1e-6
    fits = crop.left >= 0 and crop.top >= 0
    if fits and crop.left + crop.side <= width and crop.top + crop.side <= height:
        assert inside == crop


@given(height=LENGTHS, width=LENGTHS, x=st.floats(0, 1), y=st.floats(0, 1))
def test_a_small_square_near_the_border_ends_up_inside(height, width, x, y):
    crop = Crop.around((x * width, y * height), min(height, width) / 5)
    near = 0.35 * crop.side < x * width < width - 0.35 * crop.side
    if near and 0.35 * crop.side + 1 < y * height < height - 0.35 * crop.side - 1:
        inside = crop.inside((height, width))
        assert inside.left >= -1e-6
        assert inside.left + inside.side <= width + 1e-6


@given(side=st.floats(1, 300), x=st.floats(-50, 400), y=st.floats(-50, 400))
def test_the_nearest_whole_square_is_at_most_half_a_pixel_away(side, x, y):
    crop = Crop.around((x, y), side)
    whole = crop.whole()
    assert all(isinstance(number, int) for number in (whole.left, whole.top, whole.side))
    assert abs(whole.side - side) <= 0.5
    assert max(abs(whole.centre[0] - x), abs(whole.centre[1] - y)) <= 0.5 + 1e-6


def test_a_square_between_pixels_moves_smoothly():
    ramp = np.tile(np.arange(100, dtype=np.uint8)[None, :, None], (100, 1, 3)) * 2
    means = [Crop(20 + step / 4, 30, 40).cut(ramp, (16, 16)).mean() for step in range(5)]
    np.testing.assert_allclose(np.diff(means), 0.5, atol=0.15)


def test_a_cut_inside_is_the_pictures_own():
    picture = np.random.default_rng(1).integers(0, 256, (50, 60, 3), np.uint8)
    np.testing.assert_array_equal(Crop(7, 9, 32).cut(picture, (32, 32)), picture[9:41, 7:39])


def test_outside_the_picture_is_its_reflection():
    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    cut = Crop(-5, -3, 40).cut(picture, (40, 40))
    np.testing.assert_array_equal(cut, np.pad(picture, ((3, 17), (5, 5), (0, 0)), "symmetric"))


@given(crop=CROPS)
def test_any_square_can_be_cut(crop):
    assert crop.cut(np.zeros((31, 45, 3), np.uint8), (16, 24)).shape == (16, 24, 3)


def test_a_cropped_picture_is_told_from_a_whole_one():
    assert is_framed(Crop(2, 3, 250), (256, 256))
    assert is_framed(Crop(60, 0, 240), (256, 370))
    assert not is_framed(Crop(0, 0, 200), (256, 256))
    assert not is_framed(Crop(0, 0, 256), (256, 512))
    assert middle_square((100, 160)) == Crop(30, 0, 100)


def test_small_faces_are_refused_with_the_size_needed():
    require_size(FaceBox(0, 0, 20, 24, 1.0))
    with pytest.raises(FaceError, match="expected one of 24 pixels or more, found one of 17"):
        require_size(FaceBox(0, 0, 20, 17, 1.0))


@given(crop=CROPS.filter(lambda crop: crop.side >= 24))
def test_a_square_is_read_as_it_is_written(crop):
    assert Crop.from_text(crop.to_text()) == crop


@pytest.mark.parametrize(
    "text",
    ["", "1,2", "1,2,3,4", "1,2,x", "1.5,2,30", "0,0,23", "0,0,-50", "0,0,20001", "99999,0,50"],
)
def test_other_texts_are_refused_in_one_line(text):
    with pytest.raises(FaceError, match=r"^square: expected .*, found"):
        Crop.from_text(text)
