from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.smoothing import OneEuroFilter

pytestmark = pytest.mark.once

RATE = 25.0


def track(values: np.ndarray) -> list[Keypoints]:
    """Turn (N,) numbers into N frames of one keypoint moving along x."""
    return [Keypoints(np.array([[number, 0.0]])) for number in values]


def smoothed(values: np.ndarray, **settings: float) -> np.ndarray:
    smooth = OneEuroFilter(RATE, **settings)
    return np.array([smooth(frame).value[0, 0] for frame in track(values)])


@given(
    value=arrays(np.float32, (4, 2), elements=st.floats(-1, 1, width=32)),
    jacobian=arrays(np.float32, (4, 2, 2), elements=st.floats(-3, 3, width=32)),
    rate=st.fractions(1, 240, max_denominator=1001),
)
def test_a_constant_stays_that_constant(value, jacobian, rate):
    smooth = OneEuroFilter(rate)
    for _ in range(5):
        found = smooth(Keypoints(value, jacobian))
        np.testing.assert_array_equal(found.value, value)
        np.testing.assert_array_equal(found.jacobian, jacobian)


def test_jitter_at_rest_is_attenuated():
    noise = np.random.default_rng(0).normal(0, 0.005, 300)
    assert np.std(smoothed(noise)[25:]) < 0.5 * np.std(noise[25:])


def test_jitter_of_jacobians_is_attenuated():
    noise = np.random.default_rng(0).normal(0, 0.01, (200, 1, 2, 2)).astype(np.float32)
    smooth = OneEuroFilter(RATE)
    jacobians = noise + np.eye(2, dtype=np.float32)
    found = np.stack([smooth(Keypoints(np.zeros((1, 2)), entry)).jacobian for entry in jacobians])
    assert np.all(np.std(found[25:], axis=0) < 0.6 * np.std(jacobians[25:], axis=0))


def test_fast_movement_lags_less_with_beta():
    ramp = np.arange(50) / RATE
    lag = ramp[-1] - smoothed(ramp)[-1]
    assert lag < 0.02
    assert lag < 0.2 * (ramp[-1] - smoothed(ramp, beta=0.0)[-1])


def test_without_beta_it_is_a_low_pass_filter_of_the_cutoff():
    found = smoothed(np.array([0.0, 1.0, 1.0]), min_cutoff=2.0, beta=0.0)
    weight = 1 / (1 + RATE / (2 * math.pi * 2.0))
    np.testing.assert_allclose(found, [0, weight, weight + (1 - weight) * weight], rtol=1e-6)


def test_the_cutoff_rises_with_the_smoothed_speed():
    found = smoothed(np.array([0.0, 0.5]), min_cutoff=1.0, beta=2.0, derivative_cutoff=3.0)
    speed = 0.5 * RATE / (1 + RATE / (2 * math.pi * 3.0))
    cutoff = 1.0 + 2.0 * speed
    assert found[1] == pytest.approx(0.5 / (1 + RATE / (2 * math.pi * cutoff)), rel=1e-6)


def test_without_jacobians_there_are_none():
    smooth = OneEuroFilter(Fraction(30000, 1001))
    assert [smooth(frame).jacobian for frame in track(np.zeros(3))] == [None] * 3


@pytest.mark.parametrize("name", ["rate", "min_cutoff", "derivative_cutoff"])
@pytest.mark.parametrize("number", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_impossible_settings_are_refused(name, number):
    with pytest.raises(MotionError, match=f"smoothing {name}: expected a positive number"):
        OneEuroFilter(**{"rate": RATE, name: number})


def test_a_negative_beta_is_refused():
    with pytest.raises(MotionError, match="smoothing beta"):
        OneEuroFilter(RATE, beta=-0.1)


def test_keypoints_that_are_not_finite_are_refused():
    with pytest.raises(MotionError, match="finite"):
        OneEuroFilter(RATE)(Keypoints(np.array([[np.nan, 0.0]])))


def test_another_number_of_keypoints_is_refused():
    smooth = OneEuroFilter(RATE)
    smooth(Keypoints(np.zeros((3, 2))))
    with pytest.raises(MotionError, match="expected 3 keypoints in each frame, found 2"):
        smooth(Keypoints(np.zeros((2, 2))))


def test_jacobians_that_come_and_go_are_refused():
    smooth = OneEuroFilter(RATE)
    smooth(Keypoints(np.zeros((3, 2))))
    with pytest.raises(MotionError, match="jacobians"):
        smooth(Keypoints(np.zeros((3, 2)), np.zeros((3, 2, 2))))


def test_frames_at_uneven_times_are_smoothed_by_their_own_gaps():
    rng = np.random.default_rng(3)
    frames = [Keypoints(rng.normal(size=(3, 2)).astype(np.float32)) for _ in range(20)]
    at_rate, by_gap = OneEuroFilter(25), OneEuroFilter(10)
    for frame in frames:
        np.testing.assert_allclose(
            at_rate(frame).value, by_gap(frame, seconds=0.04).value, atol=1e-6
        )
    after_long = by_gap(frames[0], seconds=1e6)
    np.testing.assert_allclose(after_long.value, frames[0].value, atol=1e-4)
