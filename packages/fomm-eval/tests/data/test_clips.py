from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_core.image import MAX_PIXELS
from fomm_eval.data.clips import Clip, pair_clips
from fomm_eval.errors import EvaluationError


@pytest.fixture
def real(tmp_path, put, frames):
    for number, name in enumerate(["a", "b"]):
        put.folder(tmp_path / "real" / name, frames(3, number))
    return tmp_path / "real"


def test_folders_videos_and_strips_pair_by_name(tmp_path, real, put, frames):
    put.video(tmp_path / "videos" / "a.mp4", frames(3))
    put.folder(tmp_path / "videos" / "b", frames(3))
    put.strip(tmp_path / "strips" / "a.mp4.png", frames(3))
    put.strip(tmp_path / "strips" / "b.png", frames(3, 1))
    assert [(p.name, p.generated.path.name) for p in pair_clips(real, tmp_path / "videos")] == [
        ("a", "a.mp4"),
        ("b", "b"),
    ]
    pairs = pair_clips(real, tmp_path / "strips")
    assert [pair.generated.is_strip for pair in pairs] == [True, True]
    for pair in pairs:
        width = pair.strip_width()
        sides = list(pair.real.frames()), list(pair.generated.frames(width))
        assert np.array_equal(*sides)


def test_strips_of_frames_that_are_not_square_are_cut_like_their_counterparts(tmp_path, put):
    pictures = list(np.random.default_rng(0).integers(0, 255, (3, 20, 32, 3), np.uint8))
    put.folder(tmp_path / "real" / "a", pictures)
    put.strip(tmp_path / "strips" / "a.png", pictures)
    (pair,) = pair_clips(tmp_path / "real", tmp_path / "strips")
    assert np.array_equal(list(pair.generated.frames(pair.strip_width())), pictures)


def test_single_clips_pair_whatever_their_names(tmp_path, put, frames):
    one = put.video(tmp_path / "one.mp4", frames(3))
    other = put.folder(tmp_path / "other", frames(3))
    strip = put.strip(tmp_path / "strip.png", frames(3))
    for generated in (other, strip):
        (pair,) = pair_clips(one, generated)
        assert pair.generated.path == generated


def test_strips_on_both_sides_pair_by_name(tmp_path, put, frames):
    for side in ("x", "y"):
        put.strip(tmp_path / side / "a.png", frames(3))
        put.strip(tmp_path / side / "b.png", frames(1))
    assert [pair.name for pair in pair_clips(tmp_path / "x", tmp_path / "y")] == ["a", "b"]


def test_the_folder_of_strips_beside_videos_is_no_clip(tmp_path, real, put, frames):
    for name in ("a", "b"):
        put.video(tmp_path / "result" / f"{name}.mp4", frames(3))
        put.strip(tmp_path / "result" / "png" / f"{name}.png", frames(3))
    assert len(pair_clips(real, tmp_path / "result")) == 2


def oblongs(seed):
    return list(np.random.default_rng(seed).integers(0, 255, (3, 20, 32, 3), np.uint8))


def test_strips_of_frames_that_are_not_square_beside_videos_are_no_clip(tmp_path, put):
    for seed, name in enumerate(["a", "b"]):
        put.folder(tmp_path / "real" / name, oblongs(seed))
        put.folder(tmp_path / "result" / name, oblongs(seed))
        put.strip(tmp_path / "result" / "png" / f"{name}.png", oblongs(seed))
    pairs = pair_clips(tmp_path / "real", tmp_path / "result")
    assert [pair.name for pair in pairs] == ["a", "b"]
    (tmp_path / "result" / "png" / "b.png").unlink()
    assert len(pair_clips(tmp_path / "real", tmp_path / "result")) == 2


def test_a_clip_may_have_the_name_of_the_folder_of_strips(tmp_path, put):
    for side in ("x", "y"):
        for name in ("a", "png"):
            put.folder(tmp_path / side / name, oblongs(0))
    assert [pair.name for pair in pair_clips(tmp_path / "x", tmp_path / "y")] == ["a", "png"]


def test_a_strip_beyond_all_limits_is_refused(tmp_path, real):
    """Pillow itself refuses 179 million pixels, by an error of its own."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">II5B", 3000 * 256, 256, 8, 2, 0, 0, 0)
    (tmp_path / "made").mkdir()
    content = chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    (tmp_path / "made" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    with pytest.raises(MediaError, match=f"a.png: expected at most {MAX_PIXELS:,} pixels"):
        pair_clips(real, tmp_path / "made")


def test_different_names_are_told(tmp_path, real, put, frames):
    for name in ("a", "c"):
        put.folder(tmp_path / "made" / name, frames(3))
    with pytest.raises(EvaluationError, match="generated has no b and real has no c; --common"):
        pair_clips(real, tmp_path / "made")
    assert [p.name for p in pair_clips(real, tmp_path / "made", common=True)] == ["a"]


def test_nothing_in_common_is_told(tmp_path, real, put, frames):
    put.folder(tmp_path / "made" / "c", frames(3))
    with pytest.raises(EvaluationError, match="found a, b real and c generated"):
        pair_clips(real, tmp_path / "made", common=True)


def test_empty_and_missing_folders_are_told(tmp_path, real):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="empty: expected a folder of pictures, found none"):
        pair_clips(real, tmp_path / "empty")
    with pytest.raises(MediaError, match="missing: expected a video or a folder"):
        pair_clips(real, tmp_path / "missing")
    (tmp_path / "empty" / "folder").mkdir()
    with pytest.raises(MediaError, match="empty: expected videos or folders of frames, found none"):
        pair_clips(real, tmp_path / "empty")


def test_of_a_data_set_the_test_videos_are_taken(tmp_path, real, put, frames):
    for name in ("train/x", "test/a", "test/b"):
        put.folder(tmp_path / "data" / name, frames(3))
    pairs = pair_clips(tmp_path / "data", real)
    assert [pair.real.path for pair in pairs] == [tmp_path / "data" / "test" / n for n in "ab"]


def test_two_clips_of_one_name_are_refused(tmp_path, real, put, frames):
    put.video(tmp_path / "made" / "a.mp4", frames(3))
    put.folder(tmp_path / "made" / "a", frames(3))
    with pytest.raises(MediaError, match="different names"):
        pair_clips(real, tmp_path / "made")


def test_a_clip_can_be_read_again(real):
    clip = Clip("a", real / "a")
    assert np.array_equal(list(clip.frames()), list(clip.frames()))
