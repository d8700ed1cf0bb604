import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fomm_core.errors import BrokenMediaError, MediaError
from fomm_core.image import write_image
from fomm_core.video import VideoReader

pytestmark = pytest.mark.once

CORNERS = "color=c=gray:size=64x48:rate=25:duration=0.4"
# A red mark in the upper left corner and a blue one in the upper right.
MARKS = "drawbox=0:0:16:12:red:fill,drawbox=48:0:16:12:blue:fill"


def read_until_broken(path):
    frames = []
    with pytest.raises(BrokenMediaError) as caught:
        frames.extend(VideoReader(path))  # keeps what came before the error
    return frames, caught.value


def test_frames_are_those_of_ffmpeg_to_the_bit(ffmpeg, clip):
    frames = np.stack(list(VideoReader(clip)))

    assert frames.dtype == np.uint8
    np.testing.assert_array_equal(frames, ffmpeg.decode(clip, (64, 48)))


def test_can_be_iterated_again_and_in_parallel(ffmpeg, clip):
    reader = VideoReader(clip)

    pairs = list(zip(reader, reader, strict=True))

    assert ffmpeg.numbers(a for a, _ in pairs) == list(range(50))
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert reader.frame_count == 50


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv420p")),
        ("a.mov", ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj444p")),
        ("a.mkv", ("-c:v", "libx264", "-crf", "4", "-pix_fmt", "yuv444p")),
        ("a.webm", ("-c:v", "libvpx", "-b:v", "1M")),
        ("a.avi", ("-c:v", "ffv1")),
        ("a.ts", ("-c:v", "libx264", "-pix_fmt", "yuv420p")),
        ("a.gif", ()),
    ],
)
def test_reads_the_usual_containers(ffmpeg, tmp_path, name, codec):
    path = ffmpeg.clip(tmp_path / name, *codec)

    reader = VideoReader(path)

    assert reader.frame_rate == 25
    assert reader.frame_count == 50
    assert ffmpeg.numbers(reader) == list(range(50))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.gif"])
def test_start_and_end_give_the_same_frames_in_every_container(ffmpeg, tmp_path, name):
    options = () if name == "a.gif" else ("-c:v", "libx264", "-g", "12", "-pix_fmt", "yuv420p")
    path = ffmpeg.clip(tmp_path / name, *options)
    whole = ffmpeg.numbers(VideoReader(path))

    reader = VideoReader(path, start=1.0, end=1.52)

    assert ffmpeg.numbers(reader) == whole[25:38]
    assert reader.frame_count == 13
    assert ffmpeg.numbers(VideoReader(path, start=1.8)) == whole[45:]
    assert ffmpeg.numbers(VideoReader(path, end=0.2)) == whole[:5]


@pytest.mark.parametrize("name", ["ntsc.mp4", "ntsc.mkv", "ntsc.avi"])
def test_frame_rates_are_exact_fractions(ffmpeg, tmp_path, name):
    codec = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
    path = ffmpeg.clip(tmp_path / name, *codec, rate="30000/1001")

    reader = VideoReader(path)

    assert reader.frame_rate == Fraction(30000, 1001)
    assert ffmpeg.numbers(reader) == list(range(50))


def test_variable_rates_are_resampled_by_presentation_time(ffmpeg, tmp_path, clip):
    path = tmp_path / "vfr.mp4"
    drop = "select=not(between(n\\,10\\,14)+between(n\\,30\\,36))"
    ffmpeg.run("-i", clip, "-vf", drop, "-fps_mode", "vfr", *ffmpeg.h264, path)

    reader = VideoReader(path)

    shown = [9 if 10 <= n <= 14 else 29 if 30 <= n <= 36 else n for n in range(50)]
    assert reader.frame_rate == 25
    assert ffmpeg.numbers(reader) == shown


@pytest.mark.parametrize("options", [(), ("-display_hflip:v:0",)])
@pytest.mark.parametrize("angle", [90, 180, 270])
def test_stored_rotation_and_mirroring_are_applied(ffmpeg, tmp_path, angle, options):
    upright, turned = tmp_path / "upright.mp4", tmp_path / "turned.mp4"
    ffmpeg.run("-f", "lavfi", "-i", CORNERS, "-vf", MARKS, *ffmpeg.h264, upright)
    ffmpeg.copy(upright, turned, before=("-display_rotation:v:0", angle, *options))
    size = (64, 48) if angle == 180 else (48, 64)

    reader = VideoReader(turned)

    assert (reader.info.width, reader.info.height) == size
    np.testing.assert_array_equal(np.stack(list(reader)), ffmpeg.decode(turned, size))


@pytest.mark.parametrize(
    ("matrix", "full_range"),
    [("bt709", "tv"), ("smpte170m", "tv"), ("smpte170m", "pc"), ("bt709", "pc")],
)
def test_colours_follow_the_tags(ffmpeg, tmp_path, matrix, full_range):
    path = tmp_path / "chart.mp4"
    scale = f"scale=out_color_matrix={matrix}:out_range={full_range},format=yuv420p"
    tags = ("-colorspace", matrix, "-color_range", full_range)
    bars = "smptebars=size=128x96:rate=25:duration=0.2"
    ffmpeg.run("-f", "lavfi", "-i", bars, "-vf", scale, *tags, "-c:v", "libx264", "-crf", 1, path)

    frame = next(iter(VideoReader(path)))

    assert np.abs(frame[10, 64].astype(int) - (0, 191, 0)).max() <= 6  # the bar of green
    np.testing.assert_array_equal(frame, ffmpeg.decode(path, (128, 96))[0])


def test_pixels_that_are_not_square_are_made_so(ffmpeg, tmp_path, clip):
    path = tmp_path / "anamorphic.mp4"
    ffmpeg.run("-i", clip, "-vf", "setsar=4/3", *ffmpeg.h264, path)

    reader = VideoReader(path)

    assert (reader.info.width, reader.info.height) == (85, 48)
    assert next(iter(reader)).shape == (48, 85, 3)


def test_a_change_of_size_keeps_the_first_size(ffmpeg, tmp_path):
    parts = [
        ffmpeg.clip(tmp_path / f"{size[0]}.ts", *ffmpeg.h264, frames=10, size=size)
        for size in ((64, 48), (96, 32))
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))

    shapes = {frame.shape for frame in VideoReader(both)}

    assert shapes == {(48, 64, 3)}


def test_reduced_frames_are_the_means_of_areas(ffmpeg, tmp_path):
    source = "testsrc2=s=322x238:r=10:d=0.3"
    path = tmp_path / "a.mkv"
    ffmpeg.run("-f", "lavfi", "-i", source, "-c:v", "ffv1", "-pix_fmt", "bgr0", path)
    reader = VideoReader(path)
    reduced = reader.reduced(2)
    assert (reader.reduction, reduced.reduction) == (1, 2)
    for whole, small in zip(reader, reduced, strict=True):
        mean = whole.reshape(119, 2, 161, 2, 3).mean(axis=(1, 3))
        assert np.abs(mean - small).max() <= 2
    assert next(iter(reader.reduced(3))).shape == (79, 107, 3)
    assert next(iter(reader.reduced(1000))).shape == (1, 1, 3)


def test_reduced_frames_are_turned_as_the_others(ffmpeg, tmp_path, clip):
    turned = ffmpeg.copy(clip, tmp_path / "turned.mp4", before=("-display_rotation", 90))
    assert next(iter(VideoReader(turned).reduced(4))).shape == (16, 12, 3)


def test_pictures_are_not_reduced(tmp_path):
    write_image(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    for path in (tmp_path, tmp_path / "a.png"):
        reader = VideoReader(path).reduced(4)
        assert reader.reduction == 1
        assert next(iter(reader)).shape == (8, 8, 3)


def test_a_reduction_is_one_or_more(clip):
    with pytest.raises(ValueError, match="factor: expected 1 or more, found 0"):
        VideoReader(clip).reduced(0)


def test_transparent_gifs_are_laid_on_white(tmp_path):
    path = tmp_path / "a.gif"
    pictures = [Image.new("RGBA", (8, 8), (200, 0, 0, 0)) for _ in range(2)]
    for n, picture in enumerate(pictures):
        picture.paste((0, 0, 200, 255), (n, 0, n + 2, 8))
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, disposal=2)

    first, second = VideoReader(path)

    assert first[4, 6].tolist() == second[4, 6].tolist() == [255, 255, 255]
    assert first[4, 0].tolist() == [0, 0, 200]
    assert second[4, 0].tolist() == [255, 255, 255]


def test_gif_delays_that_differ_keep_the_length(tmp_path):
    path = tmp_path / "a.gif"
    pictures = [Image.new("L", (8, 8), 50 * n) for n in range(4)]
    durations = [40, 40, 200, 120]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=durations)

    reader = VideoReader(path)
    levels = [int(frame[0, 0, 0]) for frame in reader]

    assert len(levels) / float(reader.frame_rate) == pytest.approx(0.4, abs=0.02)
    assert levels.count(100) > levels.count(50)


def test_a_damaged_video_gives_the_frames_before_the_damage(ffmpeg, tmp_path, clip):
    data = bytearray(clip.read_bytes())
    begin, end = len(data) * 6 // 10, len(data) * 8 // 10
    data[begin:end] = np.random.default_rng(0).bytes(end - begin)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)

    frames, error = read_until_broken(path)

    assert 0 < len(frames) < 50
    assert error.frames_read == len(frames)
    assert ffmpeg.numbers(frames) == list(range(len(frames)))
    assert str(path) in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.avi", "cut.gif"])
def test_a_truncated_video_is_noticed(ffmpeg, tmp_path, name):
    options = () if name == "cut.gif" else ("-c:v", "libx264", "-g", "1", "-pix_fmt", "yuv420p")
    faststart = ("-movflags", "+faststart") if name == "cut.mp4" else ()
    path = ffmpeg.clip(tmp_path / name, *options, *faststart, size=(320, 240))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])

    frames, error = read_until_broken(path)

    assert 0 < len(frames) < 50
    assert error.frames_read == len(frames)
    assert ffmpeg.numbers(frames) == list(range(len(frames)))


def test_damage_after_the_range_does_not_matter(ffmpeg, tmp_path, clip):
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size * 6 // 10])

    assert ffmpeg.numbers(VideoReader(path, end=0.2)) == list(range(5))


def test_trimming_by_an_edit_list_is_not_taken_for_damage(ffmpeg, tmp_path):
    whole = ffmpeg.clip(tmp_path / "whole.mp4", *ffmpeg.h264, "-bf", "0")
    path = ffmpeg.copy(whole, tmp_path / "trimmed.mp4", "-t", "1.2", before=("-ss", "0.4"))

    assert ffmpeg.numbers(VideoReader(path)) == list(range(10, 40))


def test_a_folder_is_read_in_natural_order_at_the_first_size(tmp_path):
    for number in (1, 2, 10):
        Image.new("RGB", (20, 10), (number, 0, 0)).save(tmp_path / f"frame{number}.png")
    Image.new("RGB", (40, 40), (11, 0, 0)).save(tmp_path / "frame11.PNG")
    (tmp_path / ".frame0.png").write_bytes(b"hidden")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "frame3.png").mkdir()

    reader = VideoReader(tmp_path)
    frames = list(reader)

    assert [int(frame[5, 5, 0]) for frame in frames] == [1, 2, 10, 11]
    assert {frame.shape for frame in frames} == {(10, 20, 3)}
    assert (reader.frame_rate, reader.frame_count) == (25, 4)
    assert reader.info.kind == "folder"


def test_start_and_end_select_pictures_of_a_folder(tmp_path):
    for number in range(10):
        Image.new("L", (4, 4), number).save(tmp_path / f"{number}.png")

    reader = VideoReader(tmp_path, start=0.08, end=0.2)

    assert [int(frame[0, 0, 0]) for frame in reader] == [2, 3, 4]
    assert reader.frame_count == 3


def test_a_folder_with_a_damaged_picture_breaks_there(tmp_path):
    for number in range(3):
        Image.new("L", (4, 4), number).save(tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes(b"garbage")

    frames, error = read_until_broken(tmp_path)

    assert len(frames) == error.frames_read == 2
    assert "2.png" in str(error)


def test_a_single_picture_is_one_frame(tmp_path):
    Image.new("L", (6, 4), 77).save(tmp_path / "a.png")

    (frame,) = VideoReader(tmp_path / "a.png")

    assert frame.shape == (4, 6, 3)
    assert frame.min() == frame.max() == 77


def sound_only(ffmpeg, folder):
    path = folder / "sound.m4a"
    ffmpeg.run("-f", "lavfi", "-i", "sine=duration=0.5", "-c:a", "aac", path)
    return path


def without_index(ffmpeg, folder):
    path = ffmpeg.clip(folder / "late.mp4", "-c:v", "libx264")
    path.write_bytes(path.read_bytes()[:-2000])
    return path


def header_only(ffmpeg, folder):
    path = ffmpeg.clip(folder / "zero.mkv", "-c:v", "libx264")
    path.write_bytes(path.read_bytes()[:1200])
    return path


def written(content, name):
    def write(ffmpeg, folder):
        (folder / name).write_bytes(content)
        return folder / name

    return write


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda ffmpeg, folder: folder / "none.mp4", "nothing there"),
        (written(b"", "empty.mp4"), "empty file"),
        (written(b"no video at all\n" * 99, "notes.txt"), "no such format"),
        (written(b"no video at all\n" * 99, "fake.mp4"), "no such format"),
        (written(b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "list.mp4"), "no such format"),
        (lambda ffmpeg, folder: folder, "found none in it"),
        (sound_only, "without a video stream"),
        (without_index, "cut off before its index"),
        (header_only, "no frame"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(ffmpeg, tmp_path, make, found):
    with pytest.raises(MediaError, match=found) as caught:
        VideoReader(make(ffmpeg, tmp_path))

    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, BrokenMediaError)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (-1.0, None, "start"),
        (float("nan"), None, "start"),
        (2.0, None, "start"),
        (None, 0.0, "end"),
        (1.0, 1.0, "end"),
        (1.0, 0.5, "end"),
        (None, 2.5, "end"),
        (None, float("inf"), "end"),
        ("1", None, "start"),
        (None, True, "end"),
    ],
)
def test_ranges_outside_the_video_are_refused(clip, start, end, name):
    with pytest.raises(MediaError, match=f"^{name}: expected"):
        VideoReader(clip, start=start, end=end)


def test_leaving_early_closes_the_file(clip, tmp_path):
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files cannot be listed on this system")
    path = shutil.copy(clip, tmp_path / "own.mp4")
    frames = iter(VideoReader(path))
    next(frames)
    assert str(path) in open_files()

    frames.close()

    assert str(path) not in open_files()


def open_files():
    return {str(link.resolve()) for link in Path("/proc/self/fd").iterdir()}


def test_the_sample_has_its_figures():
    repository = next(p for p in Path(__file__).resolve().parents if (p / "tox.ini").exists())
    sample = repository.parent / "shared" / "samples" / "sample_drv.mp4"
    if not sample.exists():
        pytest.skip(f"{sample} is not there")

    reader = VideoReader(sample)

    assert (reader.info.width, reader.info.height) == (256, 256)
    assert (reader.frame_rate, reader.info.has_audio) == (25, True)
    assert sum(1 for _ in reader) == reader.frame_count == 125


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("large.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv420p")),
        ("large.avi", ("-c:v", "mpeg4")),
        ("large.webm", ("-c:v", "libvpx-vp9")),
        ("large.gif", ()),
    ],
)
def test_frames_beyond_the_limit_of_pixels_are_not_decoded(
    ffmpeg, tmp_path, monkeypatch, name, codec
):
    clip = ffmpeg.clip(tmp_path / name, *codec, frames=2, size=(64, 48))
    monkeypatch.setattr("fomm_core.video.decode.MAX_PIXELS", 64 * 48 - 1)

    with pytest.raises(MediaError, match="no frame that can be decoded"):
        VideoReader(clip)


def test_texts_that_are_no_utf8_are_no_fault(ffmpeg, tmp_path):
    path = ffmpeg.clip(tmp_path / "a.mp4", *ffmpeg.h264, "-metadata", "title=ABCDEF", frames=3)
    path.write_bytes(path.read_bytes().replace(b"ABCDEF", b"\xff\xfe\xc3\xe9\xff\xff"))

    assert ffmpeg.numbers(VideoReader(path)) == [0, 1, 2]


def test_a_stream_that_appears_on_the_way_is_left_aside(ffmpeg, tmp_path):
    # FFmpeg looks for streams in the first 90 s.
    path = ffmpeg.clip(tmp_path / "a.flv", *ffmpeg.h264, "-bf", 0, frames=8, rate="1/20")
    values = b"\x02\0\x0aonTextData\x08\0\0\0\1\0\4text\2\0\2hi\0\0\x09"
    tag = b"\x12" + len(values).to_bytes(3, "big") + b"\0\0\x80" + bytes(4) + values
    path.write_bytes(path.read_bytes() + tag + len(tag).to_bytes(4, "big"))

    assert ffmpeg.numbers(VideoReader(path)) == list(range(8))
