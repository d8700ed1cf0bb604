from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import ConvexHull, QhullError

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.pose import best_reference, hull_area, movement_scale
from scattered_keypoints import broken, scattered

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]], np.float32)
LINE = np.array([[-0.5, -0.5], [0.0, 0.0], [0.25, 0.25], [0.5, 0.5]], np.float32)

coordinates = st.floats(-1, 1, width=32)
values = arrays(np.float32, (5, 2), elements=coordinates)


class TestMovementScale:
    @given(factor=st.floats(0.25, 4), shift=arrays(np.float32, 2, elements=coordinates))
    def test_it_is_the_ratio_of_sizes(self, factor, shift):
        reference = scattered(4)
        source = Keypoints(reference.value * np.float32(factor) + shift)
        assert movement_scale(source, reference) == pytest.approx(factor, rel=1e-4)

    @pytest.mark.parametrize(
        "degenerate",
        [LINE, np.zeros((4, 2)), SQUARE[[0, 1, 1, 0]], SQUARE * 1e-4],
        ids=["line", "one point", "two points", "tiny"],
    )
    def test_degenerate_hulls_leave_the_scale_at_one(self, degenerate, caplog):
        flat, square = Keypoints(degenerate), Keypoints(SQUARE)
        with caplog.at_level(logging.WARNING, "fomm_core.motion.pose"):
            assert movement_scale(flat, square) == 1.0
            assert movement_scale(square, flat) == 1.0
        assert [record.args for record in caplog.records] == [("source",), ("reference",)]

    def test_fewer_than_three_keypoints_leave_the_scale_at_one(self):
        assert movement_scale(Keypoints(SQUARE[:2]), Keypoints(SQUARE[1:3])) == 1.0

    def test_keypoints_that_are_not_finite_are_refused(self):
        with pytest.raises(MotionError, match=r"^reference keypoints"):
            movement_scale(scattered(1), broken(scattered(2)))

    def test_the_hull_ignores_points_within(self):
        assert hull_area(np.vstack([SQUARE, [[0.1, 0.2]]]).astype(np.float32)) == pytest.approx(1)

    @given(points=values)
    def test_the_area_is_that_of_qhull(self, points):
        try:
            area = ConvexHull(points.astype(np.float64)).volume
        except QhullError:
            area = 0.0
        assert hull_area(points) == pytest.approx(area if area >= 1e-6 else 0.0, abs=1e-6)

    @given(points=values)
    def test_the_hull_is_never_larger_than_its_box(self, points):
        width, height = np.ptp(points.astype(np.float64), axis=0)
        assert 0 <= hull_area(points) <= width * height + 1e-12


class TestBestReference:
    @given(
        position=st.integers(0, 7),
        factor=st.floats(0.25, 2),
        shift=arrays(np.float32, 2, elements=coordinates),
    )
    def test_a_moved_and_scaled_copy_is_found(self, position, factor, shift):
        source = scattered(100)
        driving = [scattered(seed) for seed in range(8)]
        copy = source.value * np.float32(factor) + shift
        driving[position] = Keypoints(copy, driving[position].jacobian)
        assert best_reference(source, iter(driving)) == position

    def test_ties_go_to_the_first_frame(self):
        source, other = scattered(1), scattered(2)
        assert best_reference(source, [other, source, source]) == 1

    def test_frames_that_cannot_be_compared_are_ignored(self):
        source = Keypoints(SQUARE)
        driving = [broken(source), Keypoints(LINE), Keypoints(SQUARE[::-1]), source]
        assert best_reference(source, driving) == 3

    def test_a_flat_source_is_compared_unscaled(self, caplog):
        source = Keypoints(LINE)
        driving = [Keypoints(SQUARE), Keypoints(LINE * 2), Keypoints(LINE + np.float32(0.3))]
        with caplog.at_level(logging.WARNING, "fomm_core.motion.pose"):
            assert best_reference(source, driving) == 2
        assert "unscaled" in caplog.text

    @pytest.mark.parametrize(
        "driving", [[], [broken(Keypoints(SQUARE))], [Keypoints(LINE)]], ids=["0", "nan", "flat"]
    )
    def test_no_usable_frame_is_an_error(self, driving):
        with pytest.raises(MotionError, match="best reference frame"):
            best_reference(Keypoints(SQUARE), driving)

    def test_other_models_are_refused(self):
        with pytest.raises(MotionError, match=r"expected 10 .* found 4"):
            best_reference(scattered(1), [scattered(2, 4)])
