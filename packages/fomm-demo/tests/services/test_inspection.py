from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fomm_core.face.crop import Crop
from fomm_core.image import fit, write_image
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader, VideoWriter
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


class TestCropping:
    """A picture and frames of 320x240, each with one face that is cropped to."""

    @pytest.fixture
    def look(self, cropping, tmp_path):
        write_image(tmp_path / "photo.png", spot_at(180, 120))
        video = tmp_path / "clip.mp4"
        with VideoWriter(video, Fraction(25)) as writer:
            for index in range(8):
                writer.write(spot_at(100 + index, 60))

        def looked(**options):
            wanted = AnimationRequest(
                tmp_path / "photo.png", video, None, "avatar", AnimationOptions(**options)
            )
            return inspect(cropping, wanted, ignore)

        return looked

    @pytest.mark.parametrize("face", ["largest", "all", 1])
    def test_the_found_face_is_looked_into(self, look, face, fake_model):
        inspection = look(face=face)
        size = fake_model.frame_size
        source = Crop(160, 100, 80).cut(spot_at(180, 120), size)
        np.testing.assert_array_equal(inspection.animator.source, source)
        left, top, side = inspection.motion.crop
        assert np.abs(np.subtract((left, top, side), (82, 40, 80))).max() < 5
        shown = inspection.frame(3).driving
        wanted = Crop(left, top, side).cut(spot_at(103, 60), size)
        assert np.abs(shown.astype(int) - wanted).mean() < 3  # the video has losses
        inspection.release()

    def test_a_saved_motion_tells_the_square(self, look, tmp_path):
        inspection = look()
        inspection.motion.save(tmp_path / "motion.npz")
        assert MotionTemplate.load(tmp_path / "motion.npz").crop == inspection.motion.crop
        inspection.release()

    def test_without_a_search_all_is_as_it_is(self, look):
        inspection = look(crop="off")
        assert inspection.squares is None
        assert inspection.motion.crop is None
        wanted = fit(spot_at(102, 60), inspection.model.frame_size)
        shown = inspection.frame(2).driving
        assert np.abs(shown.astype(int) - wanted).mean() < 3  # the video has losses
        inspection.release()


def spot_at(left: int, top: int) -> np.ndarray:
    frame = np.full((240, 320, 3), 40, np.uint8)
    frame[top : top + 40, left : left + 40] = 255
    return frame
