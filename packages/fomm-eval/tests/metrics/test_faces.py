from __future__ import annotations

import numpy as np
import pytest

from fomm_eval.errors import EvaluationError
from fomm_eval.metrics import embedding_distance, keypoint_distance, missing_keypoints

SQUARE = (256, 256)
POINTS = np.arange(12, dtype=np.float32).reshape(6, 2)
NAN = np.full((1, 2), np.nan, np.float32)


def test_akd_is_the_mean_per_axis():
    shifted = POINTS + np.array([3, -1], np.float32)
    assert keypoint_distance(POINTS, shifted, SQUARE) == pytest.approx(2)


def test_akd_is_stated_at_256x256():
    shifted = POINTS + np.array([2, 2], np.float32)
    assert keypoint_distance(POINTS, shifted, (128, 128)) == pytest.approx(4)
    assert keypoint_distance(POINTS, shifted, (512, 128)) == pytest.approx((1 + 4) / 2)


def test_missing_landmarks_are_left_out_of_akd_and_counted_in_mkr():
    generated = np.concatenate([NAN, NAN, POINTS[2:] + 1])
    real = np.concatenate([POINTS[:5], NAN])
    assert keypoint_distance(real, generated, SQUARE) == pytest.approx(1)
    assert missing_keypoints(real, generated) == (2, 5)


def test_frames_without_a_face():
    assert keypoint_distance(POINTS, None, SQUARE) is None
    assert keypoint_distance(None, POINTS, SQUARE) is None
    assert missing_keypoints(POINTS, None) == (6, 6)
    assert missing_keypoints(None, POINTS) == (0, 0)
    nothing = np.repeat(NAN, 6, axis=0)
    assert keypoint_distance(POINTS, nothing, SQUARE) is None
    assert missing_keypoints(POINTS, nothing) == (6, 6)


def test_aed_is_the_squared_distance():
    one, other = np.zeros(4, np.float32), np.full(4, 3, np.float32)
    assert embedding_distance(one, other) == pytest.approx(36)
    assert embedding_distance(one, None) is None
    assert embedding_distance(one, np.array([0, 0, 0, np.nan], np.float32)) is None


def test_what_does_not_compare_is_refused():
    with pytest.raises(EvaluationError, match=r"landmarks: .*\(6, 2\) and \(5, 2\)"):
        keypoint_distance(POINTS, POINTS[:5], SQUARE)
    with pytest.raises(EvaluationError, match="landmarks"):
        missing_keypoints(POINTS, POINTS[:5])
    with pytest.raises(EvaluationError, match=r"embeddings: .*\(4,\) and \(5,\)"):
        embedding_distance(np.zeros(4, np.float32), np.zeros(5, np.float32))
