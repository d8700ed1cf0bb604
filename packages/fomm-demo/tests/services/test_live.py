from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.animator import Animator
from fomm_core.errors import FaceError, MediaError
from fomm_core.face.crop import Crop
from fomm_core.image import read_image, write_image
from fomm_core.pipeline.options import AnimationOptions
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


class TestCropping:
    """Live, a picture of 320x240 and a camera, each with one face that is cropped to."""

    SIDE = 40

    @pytest.fixture
    def photo(self, tmp_path):
        write_image(tmp_path / "photo.png", self.spot_at(180, 120))
        return tmp_path / "photo.png"

    def spot_at(self, left: int, top: int) -> np.ndarray:
        frame = np.full((240, 320, 3), 40, np.uint8)
        frame[top : top + self.SIDE, left : left + self.SIDE] = 255
        return frame

    def followed(self, cropping, photo, frames, **options):
        live = LiveService(cropping)
        wanted = LiveOptions(photo, "avatar", AnimationOptions(**options))
        return [live.follow("me", wanted, frame).picture for frame in frames]

    def animated(self, model, square, frames):
        animator = Animator(model, square)
        return [frame.prediction for frame in animator.run(frames)]

    def test_the_found_face_follows_the_first_ones_square(self, cropping, fake_model, photo):
        frames = [self.spot_at(left, 60) for left in (100, 104, 108)]
        size = fake_model.frame_size
        source = Crop(160, 100, 80).cut(self.spot_at(180, 120), size)
        wanted = self.animated(
            fake_model, source, [Crop(80, 40, 80).cut(frame, size) for frame in frames]
        )
        np.testing.assert_array_equal(self.followed(cropping, photo, frames), wanted)
        found = self.followed(cropping, photo, frames, face="all")
        np.testing.assert_array_equal(found, wanted)

    def test_a_square_of_the_visitors_own(self, cropping, fake_model, photo):
        frames = [np.full((240, 320, 3), 40, np.uint8)] * 2  # nobody is there
        square = Crop(10, 20, 100)
        source = square.cut(self.spot_at(180, 120), fake_model.frame_size)
        wanted = self.animated(fake_model, source, frames)
        found = self.followed(cropping, photo, frames, square=square)
        np.testing.assert_array_equal(found, wanted)

    def test_without_a_search_all_is_as_it_is(self, cropping, fake_model, photo):
        frames = [self.spot_at(left, 60) for left in (100, 104)]
        wanted = self.animated(fake_model, self.spot_at(180, 120), frames)
        np.testing.assert_array_equal(self.followed(cropping, photo, frames, crop="off"), wanted)

    def test_a_face_that_is_not_there_is_told(self, cropping, photo):
        with pytest.raises(
            FaceError, match="expected a number from 1 to 1, counted from the left, found 7"
        ):
            self.followed(cropping, photo, [self.spot_at(100, 60)], face=7)


def failing(image):
    raise RuntimeError("a defect")
