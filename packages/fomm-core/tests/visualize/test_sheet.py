from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.visualize import Caption, Sheet

pytestmark = pytest.mark.once

NAMES = ("source", "driving", "generated")


def captions(*lengths: int) -> list[list[Caption]]:
    return [[Caption("panel")] * length for length in lengths]


def panels(size: tuple[int, int], *lengths: int) -> list[list[np.ndarray]]:
    """Panels each of one colour (100 + row, 200 + column, 255) that no sheet's ground has."""
    return [
        [np.full((*size, 3), (100 + row, 200 + column, 255), np.uint8) for column in range(length)]
        for row, length in enumerate(lengths)
    ]


@given(
    size=st.tuples(st.integers(8, 70), st.integers(8, 70)),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    border=st.booleans(),
)
def test_every_panel_stands_whole_in_its_row_and_column(size, lengths, border):
    sheet = Sheet(captions(*lengths), size, border)
    image = sheet.compose(panels(size, *lengths))
    assert image.shape == (*sheet.size, 3)
    assert sheet.size[0] % 2 == 0
    assert sheet.size[1] % 2 == 0
    lefts, tops = {}, {}
    for row, length in enumerate(lengths):
        for column in range(length):
            found = np.argwhere((image == (100 + row, 200 + column, 255)).all(axis=2))
            assert len(found) == size[0] * size[1]
            assert tuple(np.ptp(found, axis=0) + 1) == size
            top, left = found.min(axis=0)
            assert lefts.setdefault(column, left) == left
            assert tops.setdefault(row, top) == top
    assert sorted(tops.values()) == list(tops.values())


def test_frames_differ_only_in_their_panels():
    sheet = Sheet(captions(2), (16, 16))
    one = sheet.compose([[np.zeros((16, 16, 3), np.uint8)] * 2])
    other = sheet.compose([[np.full((16, 16, 3), 255, np.uint8)] * 2])
    assert (one != other).all(axis=2).sum() == 2 * 16 * 16


@pytest.mark.parametrize("size", [64, 128, 256, 512])
def test_captions_are_bright_on_dark_and_not_cut(size):
    sheet = Sheet([[Caption(name) for name in NAMES]], (size, size), border=False)
    image = sheet.compose([[np.zeros((size, size, 3), np.uint8)] * 3])
    strip = image[: image.shape[0] - size]
    for column in range(3):
        text = strip[:, column * size : (column + 1) * size].min(axis=2) > 120
        rows, columns = np.nonzero(text)
        assert np.ptp(rows) >= 5
        assert np.ptp(columns) >= 25
        assert columns.min() >= 1
        assert columns.max() <= size - 2
        assert 1 <= rows.min() <= rows.max() <= len(strip) - 2


def test_narrow_panels_use_the_short_caption():
    def strip(caption: Caption, width: int) -> np.ndarray:
        return Sheet([[caption]], (8, width)).compose([[np.zeros((8, width, 3), np.uint8)]])

    both = Caption("generated keypoints", "keypoints")
    np.testing.assert_array_equal(strip(both, 64), strip(Caption("keypoints"), 64))
    np.testing.assert_array_equal(strip(both, 256), strip(Caption("generated keypoints"), 256))


def test_the_colour_of_a_caption_shows():
    green = np.array([0, 255, 0], np.float32)
    sheet = Sheet([[Caption("keypoint 3", color=green)]], (64, 96))
    image = sheet.compose([[np.zeros((64, 96, 3), np.uint8)]])
    assert ((image[..., 1] > 200) & (image[..., 0] < 60)).sum() >= 9


def test_a_row_without_captions_has_no_strip():
    with_strip = Sheet(captions(2, 2), (32, 32)).size
    without = Sheet([captions(2)[0], [Caption("")] * 2], (32, 32)).size
    strip = Sheet(captions(2), (32, 32)).size[0] - 32
    assert with_strip[1] == without[1]
    assert with_strip[0] - without[0] == pytest.approx(strip, abs=4)


@pytest.mark.parametrize(
    ("panel", "reason"),
    [
        (np.zeros((16, 17, 3), np.uint8), r"found \(16, 17, 3\) uint8"),
        (np.zeros((16, 16, 3), np.float32), "found .* float32"),
        (np.zeros((16, 16), np.uint8), r"found \(16, 16\) uint8"),
    ],
)
def test_panels_of_another_kind_are_refused(panel, reason):
    with pytest.raises(ValueError, match=reason):
        Sheet(captions(1), (16, 16)).compose([[panel]])


def test_another_number_of_panels_is_refused():
    with pytest.raises(ValueError, match="expected rows of"):
        Sheet(captions(2), (16, 16)).compose(panels((16, 16), 3))
