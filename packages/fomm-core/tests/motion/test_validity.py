from __future__ import annotations

import logging

import numpy as np
import pytest

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.validity import HoldLastValid
from scattered_keypoints import broken, scattered


class TestHoldLastGood:
    def test_good_keypoints_pass_and_bad_ones_are_held(self, caplog):
        first, second, third = scattered(1), scattered(2), scattered(3)
        hold = HoldLastValid()
        frames = [first, second, broken(second), broken(third), third, broken(first)]
        with caplog.at_level(logging.WARNING, "fomm_core.motion.validity"):
            found = [hold(frame) for frame in frames]
        assert found == [first, second, second, second, third, third]
        assert hold.held == 3
        assert [record.args for record in caplog.records] == [(2,)]

    def test_infinite_jacobians_are_held_too(self):
        good = scattered(1)
        jacobian = good.jacobian.copy()
        jacobian[3, 0, 1] = np.inf
        hold = HoldLastValid()
        hold(good)
        assert hold(Keypoints(good.value, jacobian)) is good

    def test_a_bad_first_frame_is_an_error(self):
        with pytest.raises(MotionError, match=r"^driving frame 0 keypoints"):
            HoldLastValid()(broken(scattered(1)))
