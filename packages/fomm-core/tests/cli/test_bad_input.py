"""Bad input: one line that says what is wrong, exit code 2, nothing lost, nothing left behind."""

from __future__ import annotations

import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fomm_core.motion.template import MotionTemplate

pytestmark = pytest.mark.once

BAD_FILES = {
    "missing": (None, "nothing there"),
    "empty": (b"", "found an empty file"),
    "text": (b"Dear diary, today I made no video.\n" * 99, ""),
    "zeros": (bytes(5000), ""),
}


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("role", ["source.png", "driving.mp4", "driving.png", "driving.gif"])
def test_what_is_no_picture_and_no_video(refuse, fake_engine, here, kind, role):
    fake_engine()
    content, problem = BAD_FILES[kind]
    if content is not None:
        (here / role).write_bytes(content)
    refusal = refuse(**{role.split(".")[0]: role})
    assert refusal.startswith(f"{role}: ")
    assert problem in refusal


@pytest.mark.parametrize("keep", [0.5, 0.1, 0.01])
def test_truncated_files(refuse, fake_engine, here, portrait, clip, keep):
    fake_engine()
    for role, path in (("source", portrait), ("driving", clip)):
        content = path.read_bytes()
        name = f"{role}{path.suffix}"
        (here / name).write_bytes(content[: int(len(content) * keep)])
        assert refuse(**{role: name}).startswith(f"{name}: ")


def test_a_video_without_frames(refuse, fake_engine, here, ffmpeg, clip):
    fake_engine()
    ffmpeg("-i", clip, "-frames:v", "0", "-c", "copy", "-an", here / "none.mp4")
    ffmpeg("-i", clip, "-vn", "-c", "copy", here / "sound.mp4")
    (here / "folder").mkdir()
    (here / "folder/notes.txt").write_text("no picture here")
    for name in ("none.mp4", "sound.mp4", "folder"):
        assert refuse(driving=name).startswith(f"{name}: expected a ")


def test_a_source_that_is_a_video_or_a_folder(refuse, fake_engine, here, clip):
    fake_engine()
    assert refuse(source=clip).startswith(f"{clip}: expected a picture")
    assert "found a folder" in refuse(source=here)


@pytest.mark.parametrize("damage", ["cut", "scratched", "folder"])
@pytest.mark.parametrize("search", [[], ["--find-best-frame"]])
def test_a_driving_video_broken_in_the_middle(
    refuse, fomm, fake_engine, broken, portrait, ffmpeg, here, damage, search
):
    fake_engine()
    driving = broken[damage]
    refusal = refuse(*search, driving=driving)
    assert refusal.startswith(driving)
    words = ("--source", portrait, "--driving", driving, "--save-motion", "m.npz", *search)
    done = fomm("animate", *words, "--output", "o.mp4", "--keep-going")
    whole = (*words[:2], "--driving", "whole.mp4", "--save-motion", "whole.npz", *search)
    assert fomm("animate", *whole).code == 0
    (count,) = map(int, re.findall(r"going on with the (\d+) frames before it", done.err)[:1])
    assert 0 < count < 50
    assert len(ffmpeg.frames(done.result)) == count
    before = MotionTemplate.load("whole.npz").values[:count]
    np.testing.assert_allclose(MotionTemplate.load("m.npz").values, before, atol=1e-3)


def test_keep_going_is_no_help_where_nothing_can_be_read(refuse, fake_engine, here):
    fake_engine()
    (here / "text.mp4").write_text("no video" * 99)
    assert refuse("--keep-going", driving="text.mp4").startswith("text.mp4: ")


def test_keypoints_that_are_not_numbers_hold_the_last_good_ones(
    fomm, fake_engine, portrait, clip, ffmpeg
):
    fake_engine(nan_frames=frozenset({4, 5}))
    words = ("--source", portrait, "--driving", clip, "--save-motion", "m.npz")
    done = fomm("animate", *words, "--only-generated")
    assert len(ffmpeg.frames(done.result)) == 8
    warning = "fomm: warning: driving frame 3: keypoints not finite, holding the last ones"
    assert warning in done.err.splitlines()
    values = MotionTemplate.load("m.npz").values
    np.testing.assert_array_equal(values[3:5], [values[2], values[2]])
    assert not np.array_equal(values[5], values[4])


@pytest.mark.parametrize(("frame", "what"), [(0, "source image"), (1, "driving frame 0")])
def test_keypoints_that_are_not_numbers_from_the_start(refuse, fake_engine, frame, what):
    fake_engine(nan_frames=frozenset({frame}))
    assert refuse().startswith(what)


def test_pictures_of_one_pixel(animate, here, ffmpeg):
    Image.new("RGB", (1, 1), (200, 100, 50)).save("dot.png")
    for fit in ("crop", "pad", "stretch"):
        words = ("--source", "dot.png", "--driving", "dot.png", "--fit", fit)
        assert len(ffmpeg.frames(animate(*words).result)) == 1


def test_a_picture_of_a_hundred_million_pixels(animate, fake_engine, here, portrait, ffmpeg):
    fake_engine()
    Image.new("1", (10_000, 10_000), 1).save("wall.png")
    result = animate("--source", "wall.png", "--driving", portrait).result
    assert len(ffmpeg.frames(result)) == 1


def test_pictures_of_even_more_pixels_are_refused_unread(refuse, fake_engine, here):
    fake_engine()
    Image.new("1", (8, 8)).save("claim.png")
    start, _, rest = (here / "claim.png").read_bytes().partition(b"IHDR")
    for side in (13_000, 50_000):
        header = b"IHDR" + struct.pack(">II", side, side) + rest[8:13]
        checked = header + struct.pack(">I", zlib.crc32(header))
        (here / "claim.png").write_bytes(start + checked + rest[17:])
        for role in ("source", "driving"):
            expected = "claim.png: expected at most 134,217,728 pixels, found "
            assert refuse(**{role: "claim.png"}).startswith(expected)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--fps", "0"], "expected a rate above 0 and up to 1000, found 0"),
        (["--fps", "1e999999999"], "expected a rate such as 25"),
        (["--fps", "99999"], "expected a rate above 0 and up to 1000"),
        (["--start", "-1"], "start: expected seconds, 0 or more, found -1"),
        (["--start", "soon"], "Invalid value for '--start'"),
        (["--end", "nan"], "end: expected seconds, 0 or more, found nan"),
        (["--start", "0.2", "--end", "0.1"], "end: expected more than the start (0.2 s)"),
        (["--start", "0.2", "--end", "0.2"], "end: expected more than the start (0.2 s)"),
        (["--start", "99"], "start: expected less than the 0.32 s of"),
        (["--end", "99"], "end: expected at most the 0.32 s of"),
        (["--detailed", "--full"], "expected one view, found --detailed and --full"),
        (["--only-generated", "--full"], "expected one view, found --only-generated and --full"),
        (["--fit", "squash"], "Invalid value for '--fit'"),
        (["--threads", "-1"], "Invalid value for '--threads'"),
        (["--engine", "nnabla", "--context", "cudnn"], "context cudnn, found --engine nnabla"),
        (["--engine", "fake"], "Invalid value for '--engine'"),
        (["--motion-template", "m.npz"], "either --driving or --motion-template, found both"),
        (["--square", "0,0,64", "--face", "2"], "expected either square or face, found both"),
        (
            ["--crop", "off", "--face", "all"],
            "face: expected faces to be looked for, found crop",
        ),
        (["--params", "p.h5"], "expected a configuration to go with it"),
        (["--no-such-option"], "No such option"),
        (["stray"], "unexpected extra argument"),
    ],
)
def test_options_that_cannot_be(refuse, fake_engine, words, problem):
    fake_engine()
    assert problem in refuse(*words)


def test_inputs_that_are_not_all_there(animate, files):
    found = [
        animate("--source", "a.png").refusal,
        animate("--driving", "b.mp4").refusal,
        animate("--motion-template", "m.npz").refusal,
    ]
    assert found[0] == "expected either --driving or --motion-template, found neither"
    assert found[1] == found[2] == "--source: expected a picture to animate, found none"
    assert files() == set()


def test_a_template_has_no_seconds_to_choose_from(refuse):
    words = ("--motion-template", "m.npz", "--start", "0")
    assert "found a motion template" in refuse(*words, driving=None)


def test_whole_programs_refuse_in_one_line(program, files):
    done = program("animate", "--source", "nobody.png", "--driving", "nothing.mp4")
    assert done.refusal.startswith("nobody.png: expected a picture, found nothing there")
    assert files() == set()


def test_a_model_is_started_for_readable_inputs_only(program, portrait):
    done = program("animate", "--source", portrait, "--driving", "nothing.mp4")
    assert done.refusal.startswith("nothing.mp4: expected")
