"""What PyAV's build cannot decode is read by imageio-ffmpeg's."""

import logging
import subprocess
import sys

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_core.video import AudioClip, VideoReader, VideoWriter, media, probe

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def avs2(ffmpeg, tmp_path_factory):
    """A clip in AVS2, of which PyAV's build knows no decoder."""
    encoders = subprocess.run([ffmpeg.program, "-hide_banner", "-encoders"], capture_output=True)
    if b"libxavs2" not in encoders.stdout:
        pytest.skip("this FFmpeg cannot make AVS2")
    path = tmp_path_factory.mktemp("avs2") / "avs2.mkv"
    codec = ("-c:v", "libxavs2", "-pix_fmt", "yuv420p", "-qp", 10, "-bf", 0)
    return ffmpeg.clip(path, *codec, sound=("-c:a", "aac"))


def test_a_video_of_a_codec_that_only_ffmpeg_knows_is_read(avs2, caplog):
    """Its frames come in order, but FFmpeg's AVS2 gives them stamps of its own making."""
    reader = VideoReader(avs2)
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        levels = [int(frame.mean()) for frame in reader]

    assert sum("imageio-ffmpeg" in line for line in caplog.messages) == 1
    assert (reader.info.duration_s, reader.info.has_audio) == (pytest.approx(2.0, abs=0.05), True)
    assert len(levels) == 50
    assert min(levels) < 25
    assert max(levels) > 200


@pytest.fixture
def unknown(monkeypatch):
    """Let PyAV know no codec of any file."""
    monkeypatch.setattr(media, "_has_only_unknown_pictures", lambda container: True)


def test_frames_and_sound_are_those_of_any_other_way(ffmpeg, clip, unknown, tmp_path, caplog):
    reader = VideoReader(clip)
    caplog.set_level(logging.WARNING)
    with VideoWriter(tmp_path / "a.mp4", reader.frame_rate, audio=AudioClip(clip)) as writer:
        for frame in reader:
            writer.write(frame)

    assert any("imageio-ffmpeg" in line for line in caplog.messages)
    assert reader.frame_rate == 25
    assert ffmpeg.numbers(VideoReader(tmp_path / "a.mp4")) == list(range(50))
    expected = [0.0, 0.5, 1.0, 1.5]
    assert ffmpeg.beeps(ffmpeg.sound(tmp_path / "a.mp4")) == pytest.approx(expected, abs=0.03)


def test_a_start_is_the_same_frame(clip, unknown):
    whole = list(VideoReader(clip))

    assert np.array_equal(next(iter(VideoReader(clip, start=1))), whole[25])


def test_what_neither_can_decode_is_refused_in_one_line(tmp_path, clip):
    path = tmp_path / "unknown.mp4"
    path.write_bytes(clip.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzz"))

    with pytest.raises(MediaError, match="of an unknown codec"):
        probe(path)


def test_without_imageio_ffmpeg_the_systems_program_reads(ffmpeg, clip, unknown, monkeypatch):
    program = ffmpeg.program
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    monkeypatch.setattr("shutil.which", lambda name: program if name == "ffmpeg" else None)
    assert len(list(VideoReader(clip))) == 50


def test_without_any_program_the_message_names_what_to_install(tmp_path, clip, monkeypatch):
    path = tmp_path / "unknown.mp4"
    path.write_bytes(clip.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzz"))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MediaError, match=r"codec; install FFmpeg, or fomm-core\[ffmpeg\], to read"):
        probe(path)


@pytest.mark.parametrize("program", [None, "/dev/null"])
def test_where_the_program_is_absent_it_is_refused_as_before(tmp_path, clip, monkeypatch, program):
    path = tmp_path / "unknown.mp4"
    path.write_bytes(clip.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzz"))

    def find() -> str:
        if program is None:
            raise RuntimeError("No ffmpeg exe could be found.")
        return program

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", find)
    with pytest.raises(MediaError, match="of an unknown codec"):
        probe(path)
