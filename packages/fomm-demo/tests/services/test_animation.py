from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import av
import pytest

from fomm_core.errors import FommError, MediaError
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import probe
from fomm_demo.services.animation import AnimationRequest
from fomm_demo.services.inspection import inspect
from fomm_demo.services.jobs import JobCancelledError


def request(picture, driving=None, motion=None, **options):
    options = AnimationOptions(**{"view": "generated", **options})
    return AnimationRequest(Path(picture), driving, motion, "avatar", options)


def ignore(progress):
    pass


def test_a_picture_and_a_video_become_an_animation_with_sound(animation, picture, clip_with_sound):
    result = animation.animate(request(picture, clip_with_sound), ignore)
    info = probe(result.video)

    assert (info.width, info.height, info.frame_count) == (128, 128, 25)
    assert info.has_audio
    assert result.video.name == "ada-animated.mp4"
    assert animation.workspace.holds(result.video)


def test_a_result_says_that_it_was_animated(animation, picture, clip):
    result = animation.animate(request(picture, clip), ignore)
    with av.open(str(result.video)) as container:
        assert json.loads(container.metadata["comment"])["model"] == "fake"


def test_options_reach_the_animation(animation, picture, clip_with_sound):
    options = {"audio": False, "view": "default", "start": 0.2, "end": 0.6, "find_best_frame": True}
    result = animation.animate(request(picture, clip_with_sound, **options), ignore)
    info = probe(result.video)

    assert info.width > 3 * 128
    assert info.frame_count == 10
    assert not info.has_audio


def test_a_saved_motion_drives_in_place_of_a_video(animation, picture, clip, tmp_path):
    inspection = inspect(animation, request(picture, clip), ignore)
    inspection.motion.save(tmp_path / "motion.npz")
    inspection.release()

    result = animation.animate(request(picture, motion=tmp_path / "motion.npz"), ignore)
    assert result.result.frames == 25


def test_nothing_is_left_of_a_job_that_failed_or_was_cancelled(
    animation, picture, clip, broken_clip
):
    def cancelling(progress):
        if progress.done == 3:
            raise JobCancelledError

    with pytest.raises(JobCancelledError):
        animation.animate(request(picture, clip), cancelling)
    with pytest.raises(MediaError, match="the driving video"):
        animation.animate(request(picture, broken_clip), ignore)

    assert list((animation.workspace.root / "jobs").iterdir()) == []
    assert list(animation.workspace.served.iterdir()) == []


def test_what_visitors_are_told_names_no_folder(
    animation, picture, cut_picture, clip, broken_clip, tmp_path
):
    npz = tmp_path / "a.npz"
    npz.write_bytes(b"PK")
    for wrong, told in (
        (request(picture, clip, start=50.0), "start: expected less than the 1 s of the driving"),
        (request(picture, clip, start=0.5, end=0.2), "end: expected more than the start"),
        (request(cut_picture, clip), "the picture: expected a picture, found damaged"),
        (request(picture, broken_clip), "the driving video: "),
        (request(picture, motion=npz), "motion template motion.npz: "),
    ):
        for work in (animation.animate, partial(inspect, animation)):
            with pytest.raises(FommError) as error:
                work(wrong, ignore)
            assert str(error.value).startswith(told)
            assert str(tmp_path) not in str(error.value)


def test_stopping_after_the_end_animates_all_there_is(animation, picture, clip):
    assert animation.animate(request(picture, clip, end=100.0), ignore).result.frames == 25


def test_progress_names_frames_of_the_whole(animation, picture, clip):
    seen = []
    animation.animate(request(picture, clip), lambda progress: seen.append(progress))

    assert [progress.done for progress in seen] == list(range(26))
    assert all(progress.total == 25 for progress in seen[1:])
    assert seen[-1].frame.prediction.shape == (128, 128, 3)


def test_a_request_without_a_driver_is_refused(animation, picture):
    with pytest.raises(FommError, match="driving video or a saved motion"):
        animation.animate(request(picture), ignore)
