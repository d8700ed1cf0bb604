from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.animator import Animator
from fomm_core.errors import MediaError
from fomm_core.image import read_image
from fomm_core.video import VideoReader
from fomm_demo.services.live import LiveOptions, LiveService


def test_each_frame_is_animated_as_in_a_video(animation, fake_model, picture, clip):
    frames = list(VideoReader(clip))[:6]
    wanted = [frame.prediction for frame in Animator(fake_model, read_image(picture)).run(frames)]
    live = LiveService(animation)
    options = LiveOptions(Path(picture), "avatar")

    shown = [live.follow("me", options, frame) for frame in frames]

    np.testing.assert_array_equal([frame.picture for frame in shown], wanted)
    assert shown[0].rate == 0
    assert shown[-1].rate > 0
    assert all(frame.latency_s > 0 for frame in shown)


def test_after_a_reset_the_next_pose_is_the_one_to_begin_with(animation, picture, clip):
    frames = list(VideoReader(clip))
    live, options = LiveService(animation), LiveOptions(Path(picture), "avatar")
    first = live.follow("me", options, frames[0]).picture
    live.follow("me", options, frames[20])
    live.reset("me")

    np.testing.assert_array_equal(live.follow("me", options, frames[20]).picture, first)


def test_pages_do_not_disturb_each_other(animation, picture, clip):
    frames = list(VideoReader(clip))
    live, options = LiveService(animation), LiveOptions(Path(picture), "avatar")
    first = live.follow("me", options, frames[0]).picture
    live.follow("me", options, frames[12])

    np.testing.assert_array_equal(live.follow("you", options, frames[12]).picture, first)


def test_a_picture_that_cannot_be_used_is_refused(animation, tmp_path, clip):
    (tmp_path / "a.png").write_text("text")
    frame = next(iter(VideoReader(clip)))

    with pytest.raises(MediaError, match="not a picture"):
        LiveService(animation).follow("me", LiveOptions(tmp_path / "a.png", "avatar"), frame)


def test_a_picture_that_is_damaged_is_refused_without_its_path(animation, cut_picture, clip):
    frame = next(iter(VideoReader(clip)))

    with pytest.raises(MediaError, match=r"^the picture: expected a picture, found damaged"):
        LiveService(animation).follow("me", LiveOptions(cut_picture, "avatar"), frame)


def test_after_any_error_it_begins_anew(animation, fake_model, picture, clip, monkeypatch):
    frames = list(VideoReader(clip))
    live, options = LiveService(animation), LiveOptions(Path(picture), "avatar")
    first = live.follow("me", options, frames[3]).picture
    with monkeypatch.context() as patched:
        patched.setattr(fake_model.engine, "detect", failing)
        with pytest.raises(RuntimeError, match="a defect"):
            live.follow("me", options, frames[4])

    np.testing.assert_array_equal(live.follow("me", options, frames[3]).picture, first)


def failing(image):
    raise RuntimeError("a defect")
