from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.pose import movement_scale
from fomm_core.motion.transfer import MotionTransfer
from scattered_keypoints import broken, scattered

coordinates = st.floats(-1, 1, width=32)
keypoints = st.integers(0, 2**32 - 1).map(scattered)


class TestGolden:
    @pytest.mark.parametrize(
        ("name", "mode", "adapted"),
        [
            ("relative_kp", "relative", False),
            ("relative_adapt_kp", "relative", True),
            ("absolute_kp", "absolute", False),
            ("relative_value_only_kp", "relative-values", False),
        ],
    )
    def test_values_equal_the_reference(self, golden_frames, name, mode, adapted):
        source = Keypoints(golden_frames["kp_source_value"][0])
        driving = [Keypoints(value) for value in golden_frames["absolute_kp"]]
        scale = movement_scale(source, driving[0]) if adapted else 1.0
        transfer = MotionTransfer(source, driving[0], mode, scale)
        found = np.stack([transfer(frame).value for frame in driving])
        np.testing.assert_allclose(found, golden_frames[name], rtol=0, atol=1e-5)

    def test_scale_equals_the_reference(self, golden_frames):
        source, reference = golden_frames["kp_source_value"][0], golden_frames["absolute_kp"][0]
        scale = movement_scale(Keypoints(source), Keypoints(reference))
        assert scale == pytest.approx(float(golden_frames["adapt_scale"]), abs=1e-6)


class TestTransfer:
    @given(source=keypoints, reference=keypoints, scale=st.floats(0.1, 10))
    def test_the_reference_frame_gives_the_source(self, source, reference, scale):
        moved = MotionTransfer(source, reference, "relative", scale)(reference)
        np.testing.assert_allclose(moved.value, source.value, atol=1e-6)
        np.testing.assert_allclose(moved.jacobian, source.jacobian, atol=1e-5)

    @given(
        source=keypoints,
        reference=keypoints,
        shift=arrays(np.float32, 2, elements=coordinates),
        scale=st.floats(0.1, 10),
    )
    def test_a_shift_of_the_driving_shifts_the_source(self, source, reference, shift, scale):
        driving = Keypoints(reference.value + shift, reference.jacobian)
        moved = MotionTransfer(source, reference, "relative", scale)(driving)
        expected = source.value + np.float32(scale) * shift
        np.testing.assert_allclose(moved.value, expected, atol=1e-5)
        np.testing.assert_allclose(moved.jacobian, source.jacobian, atol=1e-5)

    @given(source=keypoints, reference=keypoints, driving=keypoints)
    def test_absolute_is_the_identity(self, source, reference, driving):
        moved = MotionTransfer(source, reference, "absolute", 3.0)(driving)
        np.testing.assert_array_equal(moved.value, driving.value)
        np.testing.assert_array_equal(moved.jacobian, driving.jacobian)

    def test_jacobians_follow_the_papers_product(self):
        source, reference, driving = scattered(1), scattered(2), scattered(3)
        moved = MotionTransfer(source, reference)(driving)
        for index in range(len(source)):
            inverse = np.linalg.inv(reference.jacobian[index])
            expected = driving.jacobian[index] @ inverse @ source.jacobian[index]
            np.testing.assert_allclose(moved.jacobian[index], expected, atol=1e-5)
        assert moved.jacobian.dtype == np.float32

    def test_relative_values_keep_the_driving_jacobians(self):
        source, reference, driving = scattered(1), scattered(2), scattered(3)
        moved = MotionTransfer(source, reference, "relative-values")(driving)
        relative = MotionTransfer(source, reference)(driving)
        np.testing.assert_array_equal(moved.jacobian, driving.jacobian)
        np.testing.assert_array_equal(moved.value, relative.value)

    @pytest.mark.parametrize("mode", ["relative", "relative-values", "absolute"])
    def test_models_without_jacobians(self, mode):
        source, reference, driving = (Keypoints(scattered(seed).value) for seed in range(3))
        assert MotionTransfer(source, reference, mode)(driving).jacobian is None

    def test_singular_reference_jacobians_use_the_pseudo_inverse(self, caplog):
        source, reference, driving = scattered(1, 3), scattered(2, 3), scattered(3, 3)
        jacobian = reference.jacobian.copy()
        jacobian[1] = [[1, 2], [2, 4]]
        jacobian[2] = 0
        with caplog.at_level(logging.WARNING, "fomm_core.motion.transfer"):
            transfer = MotionTransfer(source, Keypoints(reference.value, jacobian))
        moved = transfer(driving)
        assert "keypoints 1, 2" in caplog.text
        assert moved.is_finite
        inverse = np.array([[1, 2], [2, 4]]) / 25
        expected = driving.jacobian[1] @ inverse @ source.jacobian[1]
        np.testing.assert_allclose(moved.jacobian[1], expected, atol=1e-6)
        np.testing.assert_array_equal(moved.jacobian[2], 0)

    @pytest.mark.parametrize("mode", ["relative", "absolute"])
    def test_other_numbers_of_keypoints_are_refused(self, mode):
        ten, four = scattered(1), scattered(2, 4)
        with pytest.raises(MotionError, match=r"reference keypoints: expected 10 .* found 4"):
            MotionTransfer(ten, four, mode)
        with pytest.raises(MotionError, match=r"driving keypoints: expected 10 .* found 4"):
            MotionTransfer(ten, ten, mode)(four)

    def test_jacobians_on_one_side_only_are_refused(self):
        with_jacobian = scattered(1)
        without = Keypoints(with_jacobian.value)
        with pytest.raises(MotionError, match="driving keypoints: expected jacobians"):
            MotionTransfer(with_jacobian, with_jacobian)(without)
        with pytest.raises(MotionError, match="driving keypoints: expected no jacobians"):
            MotionTransfer(without, without)(with_jacobian)

    @pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
    def test_impossible_scales_are_refused(self, scale):
        with pytest.raises(MotionError, match="movement scale: expected a positive number"):
            MotionTransfer(scattered(1), scattered(2), "relative", scale)

    def test_unknown_modes_are_refused(self):
        with pytest.raises(MotionError, match=r"expected one of relative, .* found 'sideways'"):
            MotionTransfer(scattered(1), scattered(2), "sideways")

    @pytest.mark.parametrize("role", ["source", "reference"])
    def test_keypoints_that_are_not_finite_are_refused(self, role):
        good = scattered(1)
        pair = (broken(good), good) if role == "source" else (good, broken(good))
        with pytest.raises(MotionError, match=f"^{role} keypoints: expected finite"):
            MotionTransfer(*pair)
