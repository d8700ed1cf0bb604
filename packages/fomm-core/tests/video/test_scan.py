from fractions import Fraction

import pytest

from fomm_core.errors import MediaError
from fomm_core.video.scan import read_timeline

pytestmark = pytest.mark.once


def test_a_file_is_read_through_once_until_it_changes(ffmpeg, tmp_path):
    path = ffmpeg.clip(tmp_path / "a.mp4", *ffmpeg.h264, frames=10)
    first = read_timeline(path)

    assert read_timeline(path) is first
    ffmpeg.clip(path, *ffmpeg.h264, frames=20)
    assert (first.duration, read_timeline(path).duration) == (Fraction(10, 25), Fraction(20, 25))


def test_a_vanished_file_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.mp4: cannot be read"):
        read_timeline(tmp_path / "gone.mp4")
