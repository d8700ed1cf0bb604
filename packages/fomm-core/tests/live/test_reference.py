from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import MotionError
from fomm_core.live.reference import ReferenceSearch
from fomm_core.motion.keypoints import Keypoints

pytestmark = pytest.mark.once

SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) / 2


def pose(stretch: float = 1.0, shift: float = 0.0) -> Keypoints:
    """Four corners, wider by a factor, and moved to the right."""
    jacobian = np.tile(np.eye(2, dtype=np.float32), (4, 1, 1)) * np.float32(stretch)
    return Keypoints(SQUARE * np.array([stretch, 1], np.float32) + np.float32(shift), jacobian)


def search(poses, seconds=2.0, step=0.04):
    found = ReferenceSearch(seconds)
    for index, keypoints in enumerate(poses):
        found.add(keypoints, index * step)
    return found


def test_of_calm_moments_the_nearest_to_the_source_is_taken():
    poses = [pose(2.0)] * 20 + [pose(1.1)] * 20 + [pose(3.0)] * 20
    np.testing.assert_allclose(search(poses).result(pose()).value, pose(1.1).value, atol=1e-6)


def test_a_moment_in_motion_is_no_reference_even_where_it_is_near():
    shaking = [pose(1.0, shift=0.3 * (-1) ** i) for i in range(20)]
    poses = [pose(1.5)] * 30 + shaking + [pose(1.5)] * 10
    np.testing.assert_allclose(search(poses).result(pose()).value, pose(1.5).value, atol=1e-6)


def test_noise_is_averaged_over_the_moment():
    rng = np.random.default_rng(1)
    noisy = [
        Keypoints(kp.value + rng.normal(0, 0.05, (4, 2)).astype(np.float32), kp.jacobian)
        for kp in [pose(1.2)] * 50
    ]
    found = search(noisy).result(pose()).value
    assert np.abs(found - pose(1.2).value).mean() < 0.025


def test_the_countdown_ends_and_starts_anew_after_a_gap():
    found = ReferenceSearch(1.0)
    assert found.seconds_left == 1.0
    for index in range(20):
        found.add(pose(), index * 0.04)
    assert found.seconds_left == pytest.approx(0.24)
    found.add(pose(), 5.0)
    assert found.seconds_left == 1.0


def test_slow_frames_do_not_end_it_after_one():
    found = ReferenceSearch(0.1)
    for index in range(4):
        found.add(pose(), index * 0.5)
    assert found.seconds_left > 0
    found.add(pose(), 2.0)
    assert found.seconds_left == 0


def test_it_ends_also_where_each_frame_takes_seconds():
    assert search([pose()] * 8, step=4.0).seconds_left == 0


def test_nothing_seen_is_said():
    with pytest.raises(MotionError, match="expected driving frames"):
        ReferenceSearch(1.0).result(pose())
