"""Driving videos and templates, apart from a whole animation."""

from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fomm_core.animator import Animator, DrivingFrame
from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import BrokenMediaError, FaceError
from fomm_core.face.detector import FaceBox
from fomm_core.face.framer import FaceFramer
from fomm_core.loading import Model
from fomm_core.model.framing import Framing
from fomm_core.model.samples import DRAWN_DRIVING
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.driving import Driving, open_driving
from fomm_core.pipeline.frames import up_to_damage

BLACK = np.zeros((4, 4, 3), np.uint8)


def test_a_video_can_be_read_again():
    driving = open_driving(DRAWN_DRIVING, start=1.0, end=1.2)
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


class TestAhead:
    @pytest.fixture
    def animator(self, tiny) -> Animator:
        return Animator(Model("fake", tiny((32, 32, 3)), FakeEngine((32, 32))), BLACK)

    def test_frames_are_prepared_in_the_reading_thread(self, animator, monkeypatch):
        where = []
        prepare = animator.prepare

        def noted(frame: np.ndarray) -> DrivingFrame:
            where.append(threading.current_thread().name)
            return prepare(frame)

        monkeypatch.setattr(animator, "prepare", noted)
        frames = [spot_at(20), spot_at(60)]
        driving = Driving(frames, None, Fraction(10), None, None, False)
        for found, frame in zip(driving.ahead(animator), frames, strict=True):
            expected = prepare(frame)
            np.testing.assert_array_equal(found.picture, expected.picture)
            np.testing.assert_array_equal(found.image, expected.image)
        driving.recorded_motion(animator)
        assert where == 4 * ["read-ahead"]

    def test_progress_is_told_in_the_thread_that_asks(self, animator):
        told = []
        driving = Driving([BLACK] * 3, None, Fraction(10), None, None, False)
        driving.recorded_motion(
            animator, lambda done: told.append((done, threading.current_thread()))
        )
        assert told == [(count, threading.current_thread()) for count in (1, 2, 3)]

    def test_a_template_stays_as_it_is(self, animator):
        template = MotionTemplate(np.zeros((3, 2, 2)), None, Fraction(10), "avatar", (8, 8))
        assert open_driving(template).ahead(animator) is template


class TestCropping:
    RATE = Fraction(10)

    @pytest.fixture
    def framer(self) -> FaceFramer:
        return FaceFramer(white_spot, Framing(side=2.0), None, (32, 32))

    def cropped(self, framer: FaceFramer, *places: int | None) -> Driving:
        frames = [spot_at(place) for place in places]
        return Driving(frames, None, self.RATE, None, None, False).cropped(framer)

    def test_frames_are_cut_to_one_square(self, framer):
        driving = self.cropped(framer, 100, 101, 102, 101)
        assert driving.frame_count == 4
        for _ in range(2):
            frames = list(driving.source)
            assert [frame.shape for frame in frames] == [(32, 32, 3)] * 4
            assert all(100 < frame.mean() * 4 < 260 for frame in frames)

    def test_the_recorded_motion_tells_the_square(self, framer, tiny):
        animator = Animator(Model("fake", tiny((32, 32, 3)), FakeEngine((32, 32))), BLACK)
        driving = self.cropped(framer, 60, 60)
        template = driving.recorded_motion(animator)
        assert template.crop == (48, 28, 48)
        assert driving.with_recorded_motion(animator).template.crop == template.crop
        assert self.cropped(framer, None).recorded_motion(animator).crop is None
        again = open_driving(template)
        assert again.recorded_motion(animator) is template

    def test_frames_that_are_cropped_already_stay(self, framer):
        wide = FaceFramer(white_spot, Framing(side=5.0), None, (32, 32))
        frames = list(self.cropped(wide, 60, 60).source)
        assert [frame.shape for frame in frames] == [(100, 140, 3)] * 2

    def test_without_a_face_they_stay_with_a_line(self, framer, caplog):
        frames = list(self.cropped(framer, None, None).source)
        assert frames[1].shape == (100, 140, 3)
        assert "no face found in the driving video: its middle is taken" in caplog.text

    def test_where_the_face_leaves_a_line_says_when(self, framer, caplog):
        driving = self.cropped(framer, 60, 60, None, None)
        assert len(list(driving.source)) == 4
        assert "the face is missing from 0.2 s on; its crop is held" in caplog.text

    def test_times_are_those_of_the_whole_video(self, framer, tmp_path, caplog):
        """Of which --start and --end are told."""
        for number in range(12):
            frame = spot_at(60 if number < 8 else None)
            Image.fromarray(frame).save(tmp_path / f"{number:02d}.png")
        open_driving(tmp_path, start=0.2).cropped(framer)
        assert "the face is missing from 0.4 s on" in caplog.text

    def test_where_the_person_changes_a_line_says_when(self, framer, caplog):
        self.cropped(framer, 10, 10, 110, 110)
        assert "another face is there from 0.2 s on" in caplog.text

    def test_a_face_that_is_too_small_is_refused(self, framer):
        frames = [spot_at(60, side) for side in (12, 13, 14)]
        with pytest.raises(FaceError, match="of 24 pixels or more, found one of 14; take a larger"):
            Driving(frames, None, self.RATE, None, None, False).cropped(framer)

    def test_a_face_that_grows_large_enough_is_followed(self, framer):
        frames = [spot_at(60, side) for side in (20, 20, 26, 26)]
        driving = Driving(frames, None, self.RATE, None, None, False).cropped(framer)
        assert driving.crop is not None

    def test_damage_is_told_once(self, framer, caplog):
        class Broken:
            def __iter__(self):
                yield from (spot_at(20), spot_at(20))
                raise BrokenMediaError("clip: broken off", 2)

        class KeptGoing:
            def __iter__(self):
                return up_to_damage(Broken())

        driving = Driving(KeptGoing(), None, self.RATE, None, None, False).cropped(framer)
        assert len(list(driving.source)) == 2
        assert caplog.text.count("clip: broken off") == 1

    def test_a_template_stays(self, framer):
        template = MotionTemplate(np.zeros((3, 2, 2)), None, self.RATE, "avatar", (8, 8))
        driving = open_driving(template)
        assert driving.cropped(framer) is driving


def spot_at(left: int | None, side: int = 24) -> np.ndarray:
    frame = np.zeros((100, 140, 3), np.uint8)
    if left is not None:
        frame[40 : 40 + side, left : left + side] = 255
    return frame


def white_spot(picture: np.ndarray) -> list[FaceBox]:
    """A detector that takes the one white spot for a face."""
    rows, columns = np.nonzero(picture[..., 0] > 128)
    if not len(rows):
        return []
    left, top = int(columns.min()), int(rows.min())
    return [FaceBox(left, top, columns.max() + 1 - left, rows.max() + 1 - top, 0.9)]
