from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.image import fit

pytestmark = pytest.mark.once


def test_a_picture_of_the_right_size_is_not_touched():
    image = np.zeros((4, 8, 3), np.uint8)

    for mode in ("crop", "pad", "stretch"):
        assert fit(image, (4, 8), mode) is image


def thirds(height, width):
    """Red, green and blue thirds, along the longer side."""
    colours = np.eye(3, dtype=np.uint8) * 255
    longer = max(height, width)
    stripe = colours[np.arange(longer) * 3 // longer]
    lined = stripe[None, :, :] if width >= height else stripe[:, None, :]
    return np.broadcast_to(lined, (height, width, 3)).copy()


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40)])
def test_crop_keeps_the_middle(height, width):
    image = fit(thirds(height, width), (20, 20), "crop")

    assert np.abs(image[2:-2, 2:-2].astype(int) - (0, 255, 0)).max() <= 2


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40)])
def test_pad_keeps_all_of_it_on_black(height, width):
    image = fit(thirds(height, width), (60, 60), "pad")
    if height > width:
        image = image.transpose(1, 0, 2)

    assert image[[0, 19, 40, 59]].max() == 0
    assert image[30, [5, 30, 54]].tolist() == (np.eye(3, dtype=int) * 255).tolist()
    assert image[[20, 39], 5].tolist() == [[255, 0, 0]] * 2


def test_stretch_fills_all_with_all():
    image = fit(thirds(40, 120), (60, 60), "stretch")

    assert image[[0, 59], 5].tolist() == [[255, 0, 0]] * 2
    assert image[30, 54].tolist() == [0, 0, 255]


def test_shrinking_is_antialiased():
    lines = np.zeros((256, 256, 3), np.uint8)
    lines[:, ::2] = 255

    small = fit(lines, (64, 64))

    assert np.abs(small[:, 4:-4].astype(int) - 127).max() <= 2


@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    target=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    mode=st.sampled_from(["crop", "pad", "stretch"]),
)
def test_any_size_fits_any_other(size, target, mode):
    image = fit(np.full((*size, 3), 90, np.uint8), target, mode)

    assert (image.shape, image.dtype) == ((*target, 3), np.uint8)
    assert set(np.unique(image)) <= ({0, 90} if mode == "pad" else {90})
