from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from fomm_core.live.frame import LiveFrame
from fomm_core.live.recorder import open_recorder
from fomm_core.video import VideoReader, probe

pytestmark = pytest.mark.once


def frame(seconds: float, light: int, size=(48, 64)) -> LiveFrame:
    return LiveFrame(np.full((*size, 3), light, np.uint8), seconds, "live")


def lights(path):
    reader = VideoReader(path)
    return reader.frame_rate, [round(float(each.mean())) for each in reader]


def test_frames_stand_at_the_cameras_times(tmp_path):
    with open_recorder(tmp_path / "a.mp4", Fraction(25)) as recorder:
        for seconds, light in [(7.0, 50), (7.04, 100), (7.2, 150), (7.201, 200), (7.28, 250)]:
            recorder.write(frame(seconds, light))
    rate, found = lights(tmp_path / "a.mp4")

    assert rate == 25
    np.testing.assert_allclose(found, [50, 100, 100, 100, 100, 200, 200, 250], atol=2)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.gif"])
def test_a_long_gap_is_in_the_time_stamps_and_takes_no_work(tmp_path, name):
    times = [0, 0.04, 600.0, 600.04, 601.0]
    with open_recorder(tmp_path / name, Fraction(25)) as recorder:
        for seconds, light in zip(times, (50, 100, 150, 200, 250), strict=True):
            recorder.write(frame(seconds, light))
    with av.open(str(tmp_path / name)) as container:
        shown = [(each.time, each.to_ndarray(format="rgb24").mean()) for each in container.decode()]

    assert len(shown) == 1 + 25 + 1 + 24 + 1  # a second of copies at most, for each
    firsts = [
        next(seconds for seconds, mean in shown if abs(mean - light) < 9)
        for light in (50, 100, 150, 200, 250)
    ]
    np.testing.assert_allclose(firsts, times, atol=0.002)
    assert probe(tmp_path / name).duration_s == pytest.approx(601.04, abs=0.1)


def test_a_gap_is_read_as_long_as_it_was(tmp_path):
    with open_recorder(tmp_path / "a.mp4", Fraction(25)) as recorder:
        for seconds, light in [(0, 50), (3.0, 200), (3.04, 250)]:
            recorder.write(frame(seconds, light))
    rate, found = lights(tmp_path / "a.mp4")

    assert rate == 25
    np.testing.assert_allclose(found, [50] * 75 + [200, 250], atol=2)


def test_a_source_of_another_size_is_fitted_into_the_first_ones(tmp_path):
    with open_recorder(tmp_path / "a.mp4", Fraction(25)) as recorder:
        recorder.write(frame(0, 200))
        recorder.write(frame(0.04, 200, (100, 60)))
    pictures = list(VideoReader(tmp_path / "a.mp4"))
    assert [picture.shape for picture in pictures] == [(48, 64, 3)] * 2
    assert pictures[1][:, :8].mean() < 20  # black at its sides


def test_an_error_leaves_nothing(tmp_path):
    def record():
        with open_recorder(tmp_path / "a.mp4", Fraction(25)) as recorder:
            recorder.write(frame(0, 200))
            recorder.write(frame(0.04, 200))
            raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        record()
    assert list(tmp_path.iterdir()) == []
