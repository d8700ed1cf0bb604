from __future__ import annotations

import subprocess
import tracemalloc
import zipfile
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fomm_core.errors import BrokenMediaError, MediaError, MotionError
from fomm_core.motion.template import MotionTemplate
from fomm_core.video import VideoWriter
from fomm_demo.services.uploads import (
    hide_paths_in_errors,
    take_motion,
    take_picture,
    take_video,
    video_suffix,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def written(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_pictures_are_known_by_their_content(tmp_path, limits, kind):
    upload = tmp_path / "photo.txt"
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(upload, kind)
    folder = tmp_path / "job"
    folder.mkdir()

    assert take_picture(upload, folder, limits) == folder / "source"
    assert (folder / "source").read_bytes() == upload.read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"this is text",
        SVG,
        b"",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"%PDF-1.4\n",
        b"GIF89a<script>alert(1)</script>"[:5],
        b"MZ\x90\x00",
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(tmp_path, limits, data):
    with pytest.raises(MediaError, match="not a picture"):
        take_picture(written(tmp_path / "photo.png", data), tmp_path, limits)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, limits, bomb):
    with pytest.raises(MediaError, match="too large"):
        take_picture(bomb, tmp_path, limits)


def test_a_picture_with_a_program_behind_it_is_but_a_picture(tmp_path, limits, picture):
    upload = written(tmp_path / "a.html", picture.read_bytes() + b"<script>alert(1)</script>")

    assert take_picture(upload, tmp_path, limits).name == "source"


def test_uploads_beyond_the_limit_or_gone_are_refused(tmp_path, limits, picture):
    with pytest.raises(MediaError, match="at most 2 MB"):
        take_picture(written(tmp_path / "a.png", bytes(2_000_001)), tmp_path, limits)
    with pytest.raises(MediaError, match="no longer there"):
        take_picture(tmp_path / "gone.png", tmp_path, limits)


def test_a_video_is_taken_whole_if_it_is_short(tmp_path, limits, clip):
    taken = take_video(clip, tmp_path, limits, None, None)

    assert (taken.start, taken.end, taken.notice) == (None, None, "")
    assert taken.path == tmp_path / "driving.mp4"
    assert taken.info.frame_rate == 25


def test_a_long_video_is_cut_and_the_visitor_told(tmp_path, limits, long_clip):
    taken = take_video(long_clip, tmp_path, limits, 3.0, None)

    assert (taken.start, taken.end) == (3.0, 5.0)
    assert "from 3 to 5 s" in taken.notice


@pytest.mark.parametrize(("seconds", "end"), [(1.5, None), (3.0, 2.0)])
def test_a_recording_that_does_not_state_its_length_is_measured(tmp_path, limits, seconds, end):
    """Browsers write such files."""
    upload = tmp_path / "recording"
    record(upload, seconds)
    folder = tmp_path / "job"
    folder.mkdir()

    taken = take_video(upload, folder, limits, None, None)

    assert (taken.info.duration_s, taken.end) == (pytest.approx(seconds, abs=0.1), end)
    assert ("from 0 to 2 s" in taken.notice) == (end is not None)


def test_a_video_of_many_frames_a_second_gets_less_time(tmp_path, limits):
    path = tmp_path / "fast.mp4"
    with VideoWriter(path, Fraction(240)) as writer:
        for _ in range(360):
            writer.write(np.zeros((16, 16, 3), np.uint8))

    taken = take_video(path, tmp_path, limits, None, None)

    assert taken.end == pytest.approx(0.5)


def test_a_video_of_large_frames_is_refused(tmp_path, limits, clip):
    with pytest.raises(MediaError, match="128 x 128 pixels"):
        take_video(clip, tmp_path, replace(limits, pixels=10_000), None, None)


@pytest.mark.parametrize(
    "data", [b"text", b"#EXTM3U\nhttp://127.0.0.1/a", SVG, b"ffconcat version 1.0\nfile /etc/x"]
)
def test_what_is_no_video_is_refused_before_any_decoder_sees_it(tmp_path, limits, data):
    with pytest.raises(MediaError, match="not a video"):
        take_video(written(tmp_path / "a.mp4", data), tmp_path, limits, None, None)


def test_a_picture_does_not_drive(tmp_path, limits, picture):
    with pytest.raises(MediaError, match="not a video"):
        take_video(picture, tmp_path, limits, None, None)


def test_messages_do_not_tell_where_the_server_keeps_files(tmp_path, limits, broken_clip):
    folder = tmp_path / "job"
    folder.mkdir()

    with (
        pytest.raises(MediaError, match="the driving video") as error,
        hide_paths_in_errors(folder),
    ):
        take_video(broken_clip, folder, limits, None, None)
    assert str(tmp_path) not in str(error.value)


def test_an_error_keeps_its_kind_when_its_paths_go(tmp_path):
    message = f"{tmp_path}/driving.mp4: broken after 3 frames, see {tmp_path}/.result-a.part.mp4"
    with pytest.raises(BrokenMediaError) as error, hide_paths_in_errors(tmp_path):
        raise BrokenMediaError(message, 3)

    assert str(error.value) == "the driving video: broken after 3 frames, see .result-a.part.mp4"
    assert error.value.frames_read == 3


def test_stopping_after_the_end_is_stopping_at_the_end(tmp_path, limits, clip, long_clip):
    short = take_video(clip, tmp_path, limits, 0.4, 100.0)
    assert (short.start, short.end, short.notice) == (0.4, None, "")

    long = take_video(long_clip, tmp_path, limits, None, 100.0)
    assert long.end == 2.0
    assert "from 0 to 2 s" in long.notice

    # Too late a beginning is left to be told in the visitor's own figures.
    assert take_video(clip, tmp_path, limits, 50.0, 100.0).start == 50.0


def test_a_saved_motion_is_read(tmp_path, limits):
    motion(tmp_path / "motion.npz", 5)
    folder = tmp_path / "job"
    folder.mkdir()

    assert len(take_motion(tmp_path / "motion.npz", folder, limits)) == 5


def test_a_saved_motion_that_is_too_long_is_refused(tmp_path, limits):
    motion(tmp_path / "long.npz", 121)

    with pytest.raises(MotionError, match="expected at most 120 frames, found 121"):
        take_motion(tmp_path / "long.npz", tmp_path, limits)


def test_a_saved_motion_that_says_it_is_huge_is_refused_before_it_is_inflated(tmp_path, limits):
    upload = tmp_path / "bomb.npz"
    values = np.zeros((500_000, 10, 2), np.float32)
    np.savez_compressed(upload, metadata=np.array("{}"), values=values)
    assert upload.stat().st_size < 100_000
    del values

    tracemalloc.start()
    try:
        with pytest.raises(MotionError, match="at most 120 frames"):
            take_motion(upload, tmp_path, limits)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_an_archive_that_is_no_motion_is_refused(tmp_path, limits):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("../../values.npy", b"x")

    with pytest.raises(MotionError) as error, hide_paths_in_errors(tmp_path):
        take_motion(tmp_path / "a.npz", tmp_path, limits)
    assert str(tmp_path) not in str(error.value)


@given(st.binary(max_size=400))
def test_any_first_bytes_are_a_known_format_or_none(head):
    assert video_suffix(head) in (
        *(None, ".mp4", ".avi", ".webm", ".gif", ".ogv", ".mpg", ".flv", ".wmv", ".ts"),
    )


def motion(path, frames):
    values = np.zeros((frames, 10, 2), np.float32)
    MotionTemplate(values, None, Fraction(25), "avatar", (128, 128)).save(path)


def record(path, seconds):
    """Write a WebM file as it is streamed, by a program that cannot go back to its header."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    source = ["-f", "lavfi", "-i", f"testsrc2=size=64x64:rate=25:duration={seconds}"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *source]
    command += ["-c:v", "libvpx", "-f", "webm", "pipe:1"]
    path.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
