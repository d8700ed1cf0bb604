"""Boxes of faces: their overlap, and each face once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.face.detector import FaceBox, each_once

BOXES = st.builds(
    FaceBox,
    st.floats(0, 50),
    st.floats(0, 50),
    st.floats(5, 40),
    st.floats(5, 40),
    st.floats(0.1, 1),
)


def test_overlap_is_that_of_the_areas():
    box = FaceBox(10, 10, 20, 20, 1.0)
    assert box.overlap(box) == 1
    assert box.overlap(FaceBox(40, 40, 5, 5, 1.0)) == 0
    assert box.overlap(FaceBox(20, 10, 20, 20, 1.0)) == pytest.approx(200 / 600)


@given(st.lists(BOXES, max_size=12))
def test_each_face_is_kept_once_by_its_surest_box(boxes):
    kept = each_once(boxes)
    for index, box in enumerate(kept):
        assert all(box.overlap(other) < 0.3 + 1e-9 for other in kept[:index])
    for box in boxes:
        rivals = [other for other in kept if other.score >= box.score]
        assert box in kept or any(box.overlap(other) >= 0.3 - 1e-9 for other in rivals)
