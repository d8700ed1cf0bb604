"""Driving videos and templates, apart from a whole animation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fomm_core.errors import BrokenMediaError, MediaError
from fomm_core.model.samples import SAMPLE_DRIVING
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.driving import open_driving, up_to_damage

BLACK = np.zeros((4, 4, 3), np.uint8)


def test_a_video_can_be_read_again():
    driving = open_driving(SAMPLE_DRIVING, start=1.0, end=1.2)
    assert driving.frame_rate == 25
    assert driving.frame_count == 5
    first, second = (np.stack(list(driving.source)) for _ in range(2))
    assert len(first) == 5
    np.testing.assert_array_equal(first, second)


def test_a_template_stands_for_frames():
    template = MotionTemplate(np.zeros((3, 2, 2)), None, Fraction(30000, 1001), "avatar", (8, 8))
    driving = open_driving(template)
    assert driving.source is template
    assert (driving.frame_rate, driving.frame_count) == (Fraction(30000, 1001), 3)
    assert not driving.has_audio


def test_frames_before_the_damage(caplog):
    def frames():
        yield BLACK
        raise BrokenMediaError("clip: broken off", 1)

    assert len(list(up_to_damage(frames()))) == 1
    assert "clip: broken off; going on with the 1 frames before it" in caplog.text


def test_other_errors_pass():
    def frames():
        yield BLACK
        raise MediaError("something else")

    left = up_to_damage(frames())
    next(left)
    with pytest.raises(MediaError, match="something else"):
        next(left)
