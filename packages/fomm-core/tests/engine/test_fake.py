from __future__ import annotations

import numpy as np
import pytest

from fomm_core.engine.fake import FakeEngine
from fomm_core.motion.keypoints import Keypoints


def spot(x: int, y: int) -> np.ndarray:
    image = np.zeros((3, 32, 48), np.float32)
    image[:, y, x] = 1
    return image


@pytest.mark.parametrize(("x", "y"), [(0, 0), (47, 31), (10, 20), (24, 3)])
def test_it_follows_the_brightest_spot(x, y):
    engine = FakeEngine((32, 48), num_kp=5)
    found = engine.detect(spot(x, y))
    assert len(found) == 5
    centre = found.value.mean(axis=0)
    np.testing.assert_allclose(centre, [2 * x / 47 - 1, 2 * y / 31 - 1], atol=0.02)


def test_it_shifts_the_source():
    engine = FakeEngine((32, 48))
    source, driving = spot(10, 20), spot(15, 12)
    kp_source, kp_driving = engine.detect(source), engine.detect(driving)
    found = engine.render(engine.encode(source), kp_source, kp_driving).prediction
    np.testing.assert_array_equal(found, driving)


def test_what_leaves_the_frame_is_gone():
    engine = FakeEngine((32, 48))
    source = spot(10, 20)
    keypoints = engine.detect(source)
    away = Keypoints(keypoints.value + 5, keypoints.jacobian)
    assert not engine.render(engine.encode(source), keypoints, away).prediction.any()


def test_nan_on_demand():
    engine = FakeEngine((32, 48), nan_frames=frozenset({1}))
    found = [engine.detect(spot(3, 3)).is_finite for _ in range(3)]
    assert found == [True, False, True]
