"""Files such as people bring: their length, their sound, and what seeking gives."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from fomm_core.errors import OutputError
from fomm_core.video import AudioClip, VideoReader, VideoWriter
from fomm_core.video.joins import Track, find_shifts
from fomm_core.video.timeline import Timeline

pytestmark = pytest.mark.once

FILES = Path(__file__).parent / "files"


def animate(source, target):
    """Write a file's own frames, made small, with its sound; count frames and seconds."""
    reader = VideoReader(source)
    with VideoWriter(target, reader.frame_rate, audio=AudioClip(source)) as writer:
        for frame in reader:
            writer.write(np.ascontiguousarray(frame[:32, :32]))
    with av.open(str(target)) as result:
        frames = sum(1 for _ in result.decode(video=0))
    return frames, sound_seconds(target)


def sound_seconds(path):
    """Seconds of the sound that are not silent."""
    with av.open(str(path)) as result:
        if not result.streams.audio:
            return 0.0
        heard = [
            frame.samples / frame.sample_rate
            for frame in result.decode(audio=0)
            if np.abs(frame.to_ndarray()).max() > 0.02
        ]
    return sum(heard)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize(
    ("name", "frames", "seconds"),
    [
        ("pause.mp4", 202, 8.08),
        ("long.flv", 50, 2.0),
        ("joinback.ts", 100, 4.0),
        ("chan.ts", 100, 4.0),
        ("unknown_first.mp4", 50, 2.0),
    ],
)
def test_all_frames_and_all_sound_come_out(tmp_path, name, frames, seconds, ending):
    assert VideoReader(FILES / name).info.duration_s == pytest.approx(frames / 25)

    found = animate(FILES / name, tmp_path / f"a{ending}")

    assert found == (frames, pytest.approx(seconds, abs=0.12))


def test_a_pause_can_be_begun_behind():
    assert sum(1 for _ in VideoReader(FILES / "pause.mp4", start=5)) == 202 - 125


def test_pictures_go_on_where_the_clock_goes_back():
    def moments(path):
        with av.open(str(path)) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    shown = list(VideoReader(FILES / "joinback.ts"))

    assert len(shown) == 100
    for found, stored in zip(shown, moments(FILES / "joinback.ts"), strict=True):
        assert np.abs(found.astype(int) - stored).mean() < 1


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".ts", ".avi"])
def test_every_start_gives_what_reading_from_the_beginning_gives(ffmpeg, tmp_path, ending):
    path = FILES / "hevc.mp4"
    if ending != ".mp4":
        codec = ("-c", "copy") if ending in (".mkv", ".mov", ".ts") else ("-c:v", "mpeg4", "-bf", 2)
        path = tmp_path / f"hevc{ending}"
        ffmpeg.run("-i", FILES / "hevc.mp4", *codec, path)
    whole = list(VideoReader(path))
    starts = range(0, 100) if ending == ".mp4" else (1, 30, 31, 58, 59, 60, 87, 88, 89, 90, 99)

    wrong = [
        start
        for start in starts
        if not np.array_equal(next(iter(VideoReader(path, start=start / 25))), whole[start])
    ]

    assert wrong == []


@pytest.mark.parametrize("name", ["comment.mkv", "still.mp4"])
def test_comments_and_stills_that_come_first_are_passed_over(ffmpeg, tmp_path, name):
    path = tmp_path / name
    silence, tone = "anullsrc=d=2", "sine=d=2"
    still, moving = "color=red:s=64x48:d=0.04:r=25", "testsrc2=s=64x48:d=2:r=25"
    inputs = [
        part for source in (still, moving, silence, tone) for part in ("-f", "lavfi", "-i", source)
    ]
    maps = ("-map", "0:v", "-map", "1:v", "-map", "2:a", "-map", "3:a")
    marks = ("-disposition:a:0", "comment", "-disposition:a:1", 0, "-disposition:v", 0)
    codecs = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg.run(*inputs, *maps, *codecs, *marks, path)

    assert animate(path, tmp_path / "result.mp4") == (50, pytest.approx(2.0, abs=0.1))


def test_sound_of_an_unknown_codec_only_is_told(tmp_path, caplog):
    data = (FILES / "unknown_first.mp4").read_bytes()
    path = tmp_path / "unknown.mp4"
    path.write_bytes(data.replace(b"mp4a", b"zzzz").replace(b"esds", b"zsds"))

    with caplog.at_level(logging.WARNING):
        frames, seconds = animate(path, tmp_path / "a.mp4")

    assert (frames, seconds) == (50, 0.0)
    assert sum("unknown codec" in line for line in caplog.messages) == 1


def test_an_error_of_the_muxer_is_none_of_the_disk(tmp_path, frames, monkeypatch, write_then_raise):
    def refuse(*args):
        raise av.error.ArgumentError(22, "Invalid argument")

    monkeypatch.setattr("fomm_core.video.audio_feeds.CopyFeed._write", refuse)
    clip = AudioClip(FILES / "pause.mp4")
    writer = VideoWriter(tmp_path / "a.mp4", Fraction(25), audio=clip)

    with pytest.raises(OutputError, match="choose another format") as caught:
        write_then_raise(writer, frames, RuntimeError())

    assert "free space" not in str(caught.value)


def test_a_size_that_changes_does_not_squash_the_picture():
    shown = list(VideoReader(FILES / "size.ts"))
    with av.open(str(FILES / "size.ts")) as container:
        stored = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    assert len(shown) == 50
    assert {frame.shape for frame in shown} == {(128, 128, 3)}
    assert stored[40].shape == (256, 128, 3)
    np.testing.assert_array_equal(shown[40], stored[40][64:192])


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_transparent_webm_is_laid_on_white(ffmpeg, tmp_path, codec):
    path = FILES / "alpha-vp9.webm"
    if codec == "libvpx":
        path = tmp_path / "alpha.webm"
        source = "color=red@0:s=64x48:d=0.4,format=yuva420p"
        ffmpeg.run("-f", "lavfi", "-i", source, "-c:v", codec, "-auto-alt-ref", 0, path)

    frame = next(iter(VideoReader(path)))

    assert frame[1, 1].tolist() == [255, 255, 255]


def moving(path, **options):
    pictures = [Image.new("RGBA", (16, 12), (200, 0, 0, 0)) for _ in range(20)]
    for number, picture in enumerate(pictures):
        picture.paste((0, 10 * number, 200, 255), (0, 0, 8, 12))
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.webp", {"format": "WEBP", "lossless": True}),
        ("a.png", {"format": "PNG"}),
        ("a.png", {"format": "PNG", "default_image": True}),
        ("a.avif", {"format": "AVIF", "quality": 100}),
        ("a.mp4", {"format": "WEBP", "lossless": True}),
        ("a.gif", {"format": "PNG"}),
    ],
)
def test_animated_pictures_are_videos_whatever_their_ending(tmp_path, name, options):
    if options["format"] == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow knows no AVIF")
    moving(tmp_path / name, **options)

    reader = VideoReader(tmp_path / name)
    shown = list(reader)

    first = 1 if options.get("default_image") else 0
    assert (len(shown), reader.frame_rate) == (20 - first, 25)
    assert reader.info.duration_s == pytest.approx((20 - first) / 25)
    levels = [int(frame[6, 2, 1]) for frame in shown]
    assert levels == pytest.approx([10 * n for n in range(first, 20)], abs=4)
    assert shown[5][6, 14].tolist() == pytest.approx([255, 255, 255], abs=2)
    part = VideoReader(tmp_path / name, start=0.2, end=0.4)
    assert [int(frame[6, 2, 1]) for frame in part] == levels[5:10]


def test_the_animated_picture_of_the_faults_moves():
    reader = VideoReader(FILES / "anim.webp")

    assert (sum(1 for _ in reader), reader.frame_rate) == (20, 25)
    assert reader.info.kind == "animation"


BASE = Fraction(1, 1000)


def track(index, starts, durations, first_place=0):
    made = Track(index, BASE, 40)
    for number, (start, duration) in enumerate(zip(starts, durations, strict=True)):
        made.add(first_place + 2 * number, start, start, duration)
    return made


GAPS = st.lists(st.integers(1, 9_000), min_size=1, max_size=50)


@given(GAPS, st.booleans())
def test_stamps_that_only_rise_are_left_alone(gaps, may_jump):
    starts = [sum(gaps[:n]) for n in range(len(gaps))]

    assert find_shifts([track(0, starts, gaps)], may_jump=may_jump) == {}


@given(
    st.integers(2, 40),
    st.integers(2, 40),
    st.integers(0, 100_000),
    st.one_of(st.integers(-1_000_000, -300), st.integers(15_000, 1_000_000)),
    st.integers(-200, 200),
)
def test_a_jump_of_the_clock_is_mended_for_pictures_and_sound(first, second, begin, jump, lead):
    clock = [begin + 40 * n for n in range(first)]
    clock += [begin + 40 * (first + n) + jump for n in range(second)]
    pictures = track(0, clock, [40] * len(clock))
    sound = track(1, [time + lead for time in clock], [40] * len(clock), first_place=1)

    shifts = find_shifts([pictures, sound], may_jump=True)

    for one in (pictures, sound):
        mended = one.shifted(shifts.get(one.index, ()))
        assert mended.first() == one.starts[0] * BASE
        assert mended.starts == [one.starts[0] + 40 * n for n in range(first + second)]


def test_a_pause_of_the_pictures_stays_while_the_sound_goes_on():
    pictures = track(0, [0, 40, 80, 60_000, 60_040], [40] * 5)
    sound = track(1, list(range(0, 60_000, 20)), [20] * 3000)

    assert find_shifts([pictures, sound], may_jump=True) == {}


def test_packets_are_moved_from_the_join_on():
    timeline = Timeline(Fraction(0), None, Fraction(25), shifts={0: ((1, Fraction(2)),)})
    packets = [av.Packet(b"x") for _ in range(3)]
    for packet in packets:
        packet.time_base, packet.pts, packet.dts = BASE, 5, 4

    moved = [(packet.pts, packet.dts) for packet in timeline.mended(packets, 0)]

    assert moved == [(5, 4), (2005, 2004), (2005, 2004)]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=12), st.sampled_from([".mp4", ".mkv", ".ts"])
)
def test_any_rising_stamps_come_out_with_their_length_and_from_any_start(tmp_path, gaps, ending):
    path = tmp_path / f"rising{ending}"
    stamps = [sum(gaps[:n]) for n in range(len(gaps))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "4", "bf": "2"})
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for number, stamp in enumerate(stamps):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 20 * number, np.uint8))
            picture.pts, picture.time_base = stamp, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))

    whole = [round(float(frame.mean()) / 20) for frame in VideoReader(path)]
    reader = VideoReader(path, start=stamps[-1] / 25)

    wanted = [n for n, gap in enumerate(gaps[:-1]) for _ in range(gap)] + [len(gaps) - 1]
    rate = VideoReader(path).frame_rate
    assert abs(len(whole) / rate - Fraction(len(wanted), 25)) <= Fraction(gaps[-1] + 1, 25)
    assert round(float(next(iter(reader)).mean()) / 20) == len(gaps) - 1


def test_sound_whose_rate_changes_within_a_broadcast_comes_out(ffmpeg, tmp_path):
    parts = []
    for rate in (8000, 48000):
        part = tmp_path / f"{rate}.ts"
        inputs = ("-f", "lavfi", "-i", "testsrc2=s=64x48:d=2", "-f", "lavfi", "-i", "sine=d=2")
        ffmpeg.run(*inputs, "-ar", rate, "-c:v", "libx264", "-c:a", "aac", part)
        parts.append(part.read_bytes())
    path = tmp_path / "rates.ts"
    path.write_bytes(b"".join(parts))

    assert animate(path, tmp_path / "a.mp4") == (100, pytest.approx(4.0, abs=0.12))


@pytest.mark.parametrize("offsets", [(95442.2,), (0, 3600), (3600, 0)])
def test_clocks_of_broadcasts_wrap_around_and_jump(ffmpeg, tmp_path, offsets):
    """Of 33 bits and 90 kHz, they begin again after 95443.7 s."""
    path = tmp_path / "a.ts"
    parts = []
    for offset in offsets:
        options = (*ffmpeg.h264, "-bf", 2, "-output_ts_offset", offset)
        ffmpeg.clip(path, *options, sound=("-c:a", "aac"))
        parts.append(path.read_bytes())
    path.write_bytes(b"".join(parts))

    numbers, beeps = excerpt(ffmpeg, path, tmp_path / "a.mp4")

    assert numbers == [*range(50)] * len(offsets)
    due = [n / 2 for n in range(4 * len(offsets)) if n != 4]  # the join overlaps with that one
    assert beeps == pytest.approx(due, abs=0.03)


def test_a_step_back_that_catches_up_with_steady_pictures_is_none_of_the_clock():
    pictures = track(0, [40 * n for n in range(100)], [40] * 100)
    counted = [40 * n + 100 * (n % 8) for n in range(100)]
    sound = track(1, counted, [140] * 100, first_place=1)

    assert find_shifts([pictures, sound], may_jump=True) == {}


@pytest.fixture(scope="module")
def beeping(ffmpeg, tmp_path_factory):
    """Clips of numbered frames with beeps: edited, in another container, joined broadcasts."""
    folder = tmp_path_factory.mktemp("beeping")
    aac = ("-c:a", "aac")
    late = ffmpeg.clip(folder / "late.mp4", *ffmpeg.h264, "-bf", 2, sound=aac, delay=0.3)
    opus = ffmpeg.clip(folder / "opus.mkv", *ffmpeg.h264, sound=("-c:a", "libopus"))
    part = ffmpeg.clip(folder / "part.ts", *ffmpeg.h264, "-bf", 2, sound=aac)
    joined = folder / "joined.ts"
    joined.write_bytes(part.read_bytes() * 2)
    return late, opus, joined


def excerpt(ffmpeg, source, target, start=None, end=None):
    """Write a part of a file with its sound; return frame numbers and times of beeps."""
    reader = VideoReader(source, start=start, end=end)
    with VideoWriter(target, reader.frame_rate, audio=AudioClip(source, start, end)) as writer:
        frames = list(reader)
        for frame in frames:
            writer.write(frame)
    return ffmpeg.numbers(frames), ffmpeg.beeps(ffmpeg.sound(target))


def only_in(times, others, length):
    """List the times, not at the ends of a length, that are 0.03 s or more from all others."""
    return [
        time
        for time in times
        if 0.05 < time < length - 0.05 and all(abs(time - other) > 0.03 for other in others)
    ]


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, 2), st.integers(0, 35), st.integers(10, 50), st.sampled_from([".mp4", ".webm"])
)
def test_any_part_has_the_frames_and_the_sound_of_the_whole(
    ffmpeg, tmp_path, beeping, which, first, count, ending
):
    last = min(first + count, 100 if which == 2 else 50)
    numbers, beeps = excerpt(ffmpeg, beeping[which], tmp_path / f"whole{ending}")

    found = excerpt(ffmpeg, beeping[which], tmp_path / f"part{ending}", first / 25, last / 25)

    assert found[0] == numbers[first:last]
    due = [time - first / 25 for time in beeps]
    length = (last - first) / 25
    assert only_in(due, found[1], length) == []
    assert only_in(found[1], due, length) == []
