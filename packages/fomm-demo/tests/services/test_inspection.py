from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader
from fomm_demo.services.animation import AnimationRequest
from fomm_demo.services.inspection import inspect


def ignore(progress):
    pass


@pytest.fixture
def inspected(animation, picture, clip):
    inspection = inspect(animation, AnimationRequest(Path(picture), clip, None, "avatar"), ignore)
    yield inspection
    inspection.release()


def test_every_frame_can_be_looked_into_as_it_is_animated(inspected, clip):
    frames = list(VideoReader(clip))
    animated = list(inspected.animator.run(frames))

    for index in (0, 7, 24):
        found = inspected.frame(index)
        assert found.index == index
        np.testing.assert_array_equal(found.driving, animated[index].driving)
        np.testing.assert_array_equal(found.prediction, animated[index].prediction)
        assert len(found.diagnostics.mask) == 11


def test_frames_beyond_the_ends_are_the_last_ones(inspected):
    assert inspected.frame(-5).index == 0
    assert inspected.frame(1000).index == 24


def test_a_part_of_a_video_begins_where_it_was_asked_to(animation, picture, clip):
    options = AnimationOptions(start=0.4)
    wanted = AnimationRequest(Path(picture), clip, None, "avatar", options)
    inspection = inspect(animation, wanted, ignore)
    wanted = list(VideoReader(clip, start=0.4))

    assert len(inspection.motion) == len(wanted) == 15
    np.testing.assert_array_equal(inspection.frame(3).driving, wanted[3])
    inspection.release()


def test_a_saved_motion_is_looked_into_without_a_video(animation, inspected, picture, tmp_path):
    inspected.motion.save(tmp_path / "motion.npz")
    wanted = AnimationRequest(Path(picture), None, tmp_path / "motion.npz", "avatar")
    again = inspect(animation, wanted, ignore)

    frame = again.frame(9)
    assert frame.driving is None
    np.testing.assert_array_equal(frame.prediction, inspected.frame(9).prediction)
    again.release()


def test_the_folder_goes_when_it_is_released(animation, inspected):
    jobs = animation.workspace.root / "jobs"

    assert len(list(jobs.iterdir())) == 1
    inspected.release()
    assert list(jobs.iterdir()) == []
