"""Pasting back: the prediction inside, the picture's own pixels at the border and outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.face.crop import Crop
from fomm_core.face.paste import Paster

PICTURE = np.random.default_rng(4).integers(0, 256, (90, 120, 3), np.uint8)
WHITE = np.full((64, 64, 3), 255, np.uint8)
CROPS = st.builds(Crop, st.integers(-20, 100), st.integers(-20, 70), st.integers(25, 110))


@given(crops=st.lists(CROPS, min_size=1, max_size=3))
@settings(max_examples=50)
def test_outside_the_squares_every_pixel_is_the_pictures_own(crops):
    result = Paster(PICTURE, crops).paste([WHITE] * len(crops))
    outside = np.ones(PICTURE.shape[:2], bool)
    for crop in crops:
        outside[
            max(crop.top, 0) : crop.top + crop.side, max(crop.left, 0) : crop.left + crop.side
        ] = False
    np.testing.assert_array_equal(result[outside], PICTURE[outside])


def test_the_middle_is_the_prediction_and_the_border_the_picture():
    result = Paster(PICTURE, [Crop(20, 10, 64)]).paste([WHITE])
    assert (result[20:64, 30:74] == 255).all()
    for border in (np.s_[10, 20:84], np.s_[73, 20:84], np.s_[10:74, 20], np.s_[10:74, 83]):
        np.testing.assert_array_equal(result[border], PICTURE[border])


def test_where_the_picture_ends_nothing_fades():
    result = Paster(PICTURE, [Crop(0, 40, 50)]).paste([WHITE])
    assert (result[50:90, 0:40] == 255).all()
    assert (result[40, :50] == PICTURE[40, :50]).all()


@given(crop=CROPS)
@settings(max_examples=30)
def test_pasting_what_was_cut_changes_nothing(crop):
    cut = crop.cut(PICTURE, (crop.side, crop.side))
    np.testing.assert_array_equal(Paster(PICTURE, [crop]).paste([cut]), PICTURE)


def test_each_pixel_belongs_to_the_nearest_square():
    crops = [Crop(10, 10, 60), Crop(40, 10, 60)]
    dark = np.zeros_like(PICTURE)
    result = Paster(dark, crops).paste([WHITE // 5, WHITE])[40, :, 0].astype(int)
    assert result[30] == 51
    assert result[80] == 255
    assert (np.diff(result[20:90]) >= -1).all()
    assert result.max() <= 255


def test_the_picture_itself_stays_as_it_is():
    before = PICTURE.copy()
    Paster(PICTURE, [Crop(0, 0, 90)]).paste([WHITE])
    np.testing.assert_array_equal(PICTURE, before)


def test_every_square_wants_its_prediction():
    with pytest.raises(ValueError, match="argument"):
        Paster(PICTURE, [Crop(0, 0, 50)]).paste([])
