import errno
import os
import re
import resource
import subprocess
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from fomm_core.errors import MediaError, OutputError
from fomm_core.video import AudioClip, VideoReader, VideoWriter, probe

pytestmark = pytest.mark.once

NTSC = Fraction(30000, 1001)


def write(path, frames, rate=Fraction(25), **options):
    with VideoWriter(path, rate, **options) as writer:
        for frame in frames:
            writer.write(frame)
    return Path(path)


def noise(count, size=(96, 96)):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(count)]


def colour_chart():
    """Twelve squares of 32 pixels in strong and in skin-like colours."""
    colours = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    colours += [(0, 255, 255), (255, 0, 255), (224, 172, 150), (120, 84, 60), (90, 130, 80)]
    chart = np.array([*colours, (128, 128, 128)], np.uint8).reshape(3, 4, 3)
    return chart.repeat(32, axis=0).repeat(32, axis=1)


@contextmanager
def file_size_limit(count):
    """Let every write beyond ``count`` bytes of a file fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
def test_what_is_written_is_read_again(tmp_path, frames, name):
    path = write(tmp_path / name, frames, NTSC)

    reader = VideoReader(path)
    back = np.stack(list(reader)).astype(int)

    assert reader.frame_rate == NTSC
    assert back.shape == (30, 48, 64, 3)
    assert np.abs(back - np.stack(frames)).mean() < 20  # chroma is halved in each direction
    assert files(tmp_path) == [name]


def test_a_gif_keeps_its_frames_and_time(tmp_path, frames):
    path = write(tmp_path / "a.gif", frames)

    back = list(VideoReader(path))

    assert len(back) == 30
    assert np.abs(np.stack(back).astype(int) - np.stack(frames)).mean() < 12


def test_a_gif_leaves_frames_out_above_fifty_per_second(tmp_path, frames):
    info = probe(write(tmp_path / "a.gif", frames, Fraction(60)))

    assert info.frame_rate == 50
    assert info.duration_s == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("name", ["chart.mp4", "chart.webm"])
def test_colours_survive_for_us_and_for_ffmpeg(ffmpeg, tmp_path, name):
    chart = colour_chart()
    path = write(tmp_path / name, [chart] * 5)
    inner = np.s_[8:-8:16, 8:-8:16]

    ours = next(iter(VideoReader(path)))
    theirs = ffmpeg.decode(path, (128, 96))[0]

    assert np.abs(ours[inner].astype(int) - chart[inner]).max() <= 6
    np.testing.assert_array_equal(ours, theirs)


def test_mp4_is_fit_for_browsers(ffmpeg, tmp_path, frames):
    path = write(tmp_path / "a.mp4", frames)
    data, description = path.read_bytes(), ffmpeg.describe(path)

    assert data.index(b"moov") < data.index(b"mdat")
    assert re.search(r"Video: h264 .*yuv420p\(tv, smpte170m/bt709/bt709", description)
    assert len(ffmpeg.decode(path, (64, 48))) == 30


@pytest.mark.parametrize("size", [(47, 63), (1, 1), (2, 3)])
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_odd_sizes_gain_a_repeated_row_or_column(tmp_path, size, name):
    ramp = np.linspace(200, 40, size[1])[::-1].astype(np.uint8)
    frame = np.broadcast_to(ramp[None, :, None], (*size, 3)).copy()

    (back,) = VideoReader(write(tmp_path / name, [frame]))

    assert back.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
    assert np.abs(back[:, -1].astype(int) - 200).max() <= 6


def test_nothing_has_the_final_name_before_the_end(tmp_path, frames):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"of an earlier run")

    with VideoWriter(path, Fraction(25)) as writer:
        for frame in frames:
            writer.write(frame)
        assert path.read_bytes() == b"of an earlier run"

    assert probe(path).frame_count == 30
    assert files(tmp_path) == ["a.mp4"]


def test_an_error_leaves_nothing_behind(tmp_path, frames, write_then_raise):
    with pytest.raises(LookupError):
        write_then_raise(VideoWriter(tmp_path / "a.mp4", NTSC), frames[:1], LookupError)

    assert files(tmp_path) == []


def test_an_interruption_keeps_a_part_that_plays(ffmpeg, tmp_path, frames, write_then_raise):
    with pytest.raises(KeyboardInterrupt):
        write_then_raise(VideoWriter(tmp_path / "a.mp4", NTSC), frames[:7], KeyboardInterrupt)

    assert files(tmp_path) == ["a.mp4.part"]
    assert len(ffmpeg.decode(tmp_path / "a.mp4.part", (64, 48))) == 7


def test_an_interruption_before_the_first_frame_leaves_nothing(tmp_path, write_then_raise):
    with pytest.raises(KeyboardInterrupt):
        write_then_raise(VideoWriter(tmp_path / "a.mp4", NTSC), [], KeyboardInterrupt)

    assert files(tmp_path) == []


def test_without_a_frame_there_is_no_result(tmp_path):
    with pytest.raises(OutputError, match="found none"):
        write(tmp_path / "a.mp4", [])

    assert files(tmp_path) == []


def test_closing_twice_and_missing_folders_do_no_harm(tmp_path, frames):
    writer = VideoWriter(tmp_path / "new" / "folder" / "a.mp4", Fraction(25))
    writer.write(frames[0])

    writer.close()
    writer.close()

    assert files(tmp_path / "new" / "folder") == ["a.mp4"]
    with pytest.raises(ValueError, match="closed"):
        writer.write(frames[0])


@pytest.mark.parametrize("name", ["a.txt", "a", "a.png"])
def test_unknown_endings_are_refused(tmp_path, name):
    with pytest.raises(OutputError, match="expected an ending among"):
        VideoWriter(tmp_path / name, Fraction(25))

    assert files(tmp_path) == []


def test_a_folder_is_no_file_to_write(tmp_path):
    (tmp_path / "a.mp4").mkdir()

    with pytest.raises(OutputError, match="found a folder"):
        VideoWriter(tmp_path / "a.mp4", Fraction(25))


def test_a_file_is_no_folder_to_write_to(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(OutputError, match="cannot be written"):
        VideoWriter(tmp_path / "file" / "a.mp4", Fraction(25))


def test_a_folder_without_permission_is_named(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("permissions do not bind the superuser")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            VideoWriter(tmp_path / "a.mp4", Fraction(25))
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 3), np.float32),
        np.zeros((64, 48, 3), np.uint8),
    ],
)
def test_frames_of_another_form_are_refused(tmp_path, frames, frame):
    with pytest.raises(ValueError, match="frame: expected"):
        write(tmp_path / "a.mp4", [frames[0], frame])

    assert files(tmp_path) == []


def test_the_frame_rate_must_be_positive(tmp_path):
    with pytest.raises(ValueError, match="frame_rate"):
        VideoWriter(tmp_path / "a.mp4", Fraction(0))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 0.999])
def test_a_disk_that_fills_is_an_output_error(tmp_path, share):
    whole = write(tmp_path / "whole.mp4", noise(60)).stat().st_size

    with file_size_limit(int(whole * share)), pytest.raises(OutputError, match="too large"):
        write(tmp_path / "a.mp4", noise(60))

    assert files(tmp_path) == ["whole.mp4"]


def test_a_full_disk_after_an_interruption_stays_an_interruption(tmp_path, write_then_raise):
    with file_size_limit(100), pytest.raises(KeyboardInterrupt):
        write_then_raise(VideoWriter(tmp_path / "a.mp4", NTSC), noise(1), KeyboardInterrupt)

    assert files(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 256 KiB, where this machine lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no mount program")
    if done.returncode:
        pytest.skip("a disk cannot be mounted without being superuser")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(tiny_disk):
    with pytest.raises(OutputError, match=os.strerror(errno.ENOSPC)):
        write(tiny_disk / "a.mp4", noise(60))

    assert files(tiny_disk) == []


def test_what_the_codec_refuses_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"a\.mp4: cannot be written"):
        write(tmp_path / "a.mp4", [np.zeros((2, 20000, 3), np.uint8)])

    assert files(tmp_path) == []


def sound_end(ffmpeg, path):
    return len(ffmpeg.sound(path)) / 48000


@pytest.mark.parametrize(
    ("source", "target", "codec"),
    [
        ("aac.mp4", "a.mp4", "aac"),
        ("opus.webm", "a.mp4", "opus"),
        ("mp3.mkv", "a.mp4", "mp3"),
        ("pcm.mov", "a.mp4", "aac"),
        ("aac.ts", "a.mov", "aac"),
        ("mp3.mkv", "a.mov", "mp3"),
        ("opus.webm", "a.mov", "aac"),
        ("aac.mp4", "a.webm", "opus"),
        ("opus.webm", "a.webm", "opus"),
        ("low.mov", "a.mp4", "aac"),
    ],
)
def test_the_sound_comes_along_in_time(ffmpeg, tmp_path, frames, source, target, codec):
    path = ffmpeg.clip(tmp_path / source, *VIDEO[source], sound=SOUND[source])

    result = write(tmp_path / target, frames * 2, audio=AudioClip(path))

    assert f"Audio: {codec}" in ffmpeg.describe(result)
    expected = [0.0, 0.5, 1.0, 1.5]
    assert ffmpeg.beeps(ffmpeg.sound(result)) == pytest.approx(expected, abs=0.03)
    assert 1.95 < sound_end(ffmpeg, result) <= 2.4 + 0.04


VIDEO = {
    "aac.mp4": ("-c:v", "libx264"),
    "opus.webm": ("-c:v", "libvpx"),
    "mp3.mkv": ("-c:v", "libx264"),
    "pcm.mov": ("-c:v", "libx264"),
    "low.mov": ("-c:v", "libx264"),
    "aac.ts": ("-c:v", "libx264"),
}
SOUND = {
    "aac.mp4": ("-c:a", "aac"),
    "opus.webm": ("-c:a", "libopus"),
    "mp3.mkv": ("-c:a", "libmp3lame"),
    "pcm.mov": ("-c:a", "pcm_s16le"),
    "low.mov": ("-c:a", "pcm_s16le", "-ar", "8000"),
    "aac.ts": ("-c:a", "aac", "-b:a", "128k"),
}


@pytest.mark.parametrize("source", ["aac.mp4", "pcm.mov"])
def test_the_sound_follows_start_and_end(ffmpeg, tmp_path, source):
    path = ffmpeg.clip(tmp_path / source, *VIDEO[source], sound=SOUND[source])
    reader = VideoReader(path, start=0.72, end=1.6)

    result = write(tmp_path / "a.mp4", reader, audio=AudioClip(path, 0.72, 1.6))

    assert ffmpeg.beeps(ffmpeg.sound(result)) == pytest.approx([0.28, 0.78], abs=0.003)
    assert sound_end(ffmpeg, result) <= 0.88 + 0.04


@pytest.mark.parametrize("delay", [0.3, -0.2])
@pytest.mark.parametrize("source", ["aac.mp4", "pcm.mov"])
def test_sound_that_begins_late_or_early_stays_in_time(ffmpeg, tmp_path, source, delay):
    options = ("-avoid_negative_ts", "disabled", *SOUND[source])
    path = ffmpeg.clip(tmp_path / source, *VIDEO[source], sound=options, delay=delay)
    result = write(tmp_path / "a.mp4", VideoReader(path), audio=AudioClip(path))

    expected = [delay + n / 2 for n in range(4) if delay + n / 2 >= 0]
    assert ffmpeg.beeps(ffmpeg.sound(result)) == pytest.approx(expected, abs=0.005)


def test_sound_ends_with_the_frames(ffmpeg, tmp_path, frames, clip):
    result = write(tmp_path / "a.mp4", frames[:20], audio=AudioClip(clip))

    assert 0.75 < sound_end(ffmpeg, result) <= 0.8 + 0.04
    assert probe(result).duration_s == pytest.approx(0.8)


def test_sound_is_interleaved_with_the_frames(tmp_path, frames, clip):
    result = write(tmp_path / "a.mp4", frames, audio=AudioClip(clip))

    with av.open(str(result)) as container:
        times = [
            float(packet.dts * packet.time_base) for packet in container.demux() if packet.size
        ]

    assert max(b - a for a, b in zip(times[1:], times, strict=False)) < 0.6


def test_a_driving_video_without_sound_gives_a_silent_result(ffmpeg, tmp_path, frames):
    path = ffmpeg.clip(tmp_path / "mute.mp4", "-c:v", "libx264")

    result = write(tmp_path / "a.mp4", frames, audio=AudioClip(path))

    assert not probe(result).has_audio


def test_a_folder_of_pictures_has_no_sound(tmp_path, frames):
    result = write(tmp_path / "a.mp4", frames, audio=AudioClip(tmp_path))

    assert not probe(result).has_audio


def test_a_gif_goes_without_sound(tmp_path, frames, clip):
    assert not probe(write(tmp_path / "a.gif", frames, audio=AudioClip(clip))).has_audio


def test_damaged_sound_ends_early_and_the_frames_go_on(ffmpeg, tmp_path, frames, clip):
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size * 6 // 10])

    result = write(tmp_path / "a.mp4", frames, audio=AudioClip(path))

    assert len(ffmpeg.decode(result, (64, 48))) == 30


def test_sound_that_the_format_refuses_is_an_output_error(ffmpeg, tmp_path, frames):
    path = ffmpeg.clip(tmp_path / "a.flv", *ffmpeg.h264, sound=("-c:a", "aac"))
    data = bytearray(path.read_bytes())
    data[data.index(b"\xaf\0") - 8] = 1  # the size of the codec's settings
    path.write_bytes(data)

    with pytest.raises(OutputError, match="leave out the sound"):
        write(tmp_path / "a.mkv", frames, audio=AudioClip(path))

    assert list(tmp_path.iterdir()) == [path]


def test_sound_from_a_missing_file_is_a_media_error(tmp_path, frames):
    with pytest.raises(MediaError, match="nothing there"):
        write(tmp_path / "a.mp4", frames, audio=AudioClip(tmp_path / "none.mp4"))

    assert files(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_stays_and_its_target_is_written(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "a.mp4"
    link.symlink_to("disk/real.mp4")
    with VideoWriter(link, Fraction(25)) as writer:
        writer.write(np.zeros((16, 16, 3), np.uint8))
    assert link.is_symlink()
    assert files(tmp_path / "disk") == ["real.mp4"]
    assert VideoReader(link).info.frame_count == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX devices")
def test_a_device_is_no_file_to_write(tmp_path):
    (tmp_path / "a.mp4").symlink_to("/dev/null")
    with pytest.raises(OutputError, match="found a device"):
        VideoWriter(tmp_path / "a.mp4", Fraction(25))


@pytest.mark.parametrize("name", ["a.mp4", "a.m4v", "a.mov", "a.mkv", "a.webm"])
def test_a_comment_goes_into_the_metadata(tmp_path, frames, name):
    for comment in ("made by a test", ""):
        path = write(tmp_path / name, frames[:3], comment=comment)
        with av.open(str(path)) as container:
            found = {key.lower(): value for key, value in container.metadata.items()}
        assert found.get("comment", "") == comment


@pytest.mark.parametrize("length", [1, 255, 256, 700])
def test_a_gif_has_a_comment_too_and_the_same_pictures(tmp_path, frames, length):
    plain = write(tmp_path / "plain.gif", frames[:5])
    path = write(tmp_path / "a.gif", frames[:5], comment="x" * length)

    with Image.open(path) as gif, Image.open(plain) as other:
        assert gif.info["comment"] == b"x" * length
        assert gif.info["loop"] == other.info["loop"] == 0
        assert "comment" not in other.info
    np.testing.assert_array_equal(list(VideoReader(path)), list(VideoReader(plain)))
    assert files(tmp_path) == ["a.gif", "plain.gif"]
