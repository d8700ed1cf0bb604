from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_train.data.clip import DirectClip, SequentialClip, open_clip
from fomm_train.data.index import IndexStore

LENGTHS = {
    "short groups": 40,
    "one group": 60,
    "open groups": 50,
    "variable rate": 40,
    "turned": 20,
    "full range": 20,
    "mpeg4": 30,
    "jpegs": 15,
    "vp9": 15,
    "gif": 20,
    "pictures": 12,
}
SEQUENTIAL = {"vp9", "gif"}
FILES = sorted(set(LENGTHS) - {"pictures"})


def whole(path: Path, count: int):
    """All frames as the container's own decoder gives them."""
    return list(SequentialClip(path, count).span(0, count))


@pytest.mark.parametrize("kind", sorted(LENGTHS))
def test_frames_carry_their_numbers(videos, kind, number_in):
    clip = open_clip(videos[kind], IndexStore())
    assert len(clip) == LENGTHS[kind]
    turned = (np.rot90(f) if kind == "turned" else f for f in clip.span(0, len(clip)))
    numbers = [number_in(frame) for frame in turned]
    if kind == "turned":  # by 90 degrees one way or the other
        assert numbers in (list(range(20)), [number_in(np.rot90(f, 3)) for f in clip.span(0, 20)])
    else:
        assert numbers == list(range(len(clip)))


@pytest.mark.parametrize("kind", FILES)
def test_any_pair_equals_what_decoding_everything_gives(videos, kind):
    clip, expected = open_clip(videos[kind], IndexStore()), whole(videos[kind], LENGTHS[kind])
    draw = random.Random(kind)
    for _ in range(60):
        pair = [draw.randrange(len(clip)), draw.randrange(len(clip))]
        for number, frame in zip(pair, clip.frames(pair), strict=True):
            np.testing.assert_array_equal(frame, expected[number])


@pytest.mark.parametrize("kind", FILES)
def test_spans_equal_what_decoding_everything_gives(videos, kind):
    clip, expected = open_clip(videos[kind], IndexStore()), whole(videos[kind], LENGTHS[kind])
    for start, stop in ((0, len(clip)), (3, 11), (len(clip) - 1, len(clip))):
        found = list(clip.span(start, stop))
        np.testing.assert_array_equal(found, expected[start:stop])


@pytest.mark.parametrize("kind", FILES)
def test_mp4_and_mov_are_read_without_decoding_from_the_beginning(videos, kind):
    clip = open_clip(videos[kind], IndexStore())
    assert isinstance(clip, DirectClip) == (kind not in SEQUENTIAL)


def test_a_turned_video_is_upright(videos):
    frame = open_clip(videos["turned"], IndexStore()).frames([7])[0]
    assert frame.shape == (64, 48, 3)


def test_pictures_come_in_natural_order(videos, number_in):
    clip = open_clip(videos["pictures"], IndexStore())
    assert [number_in(frame) for frame in clip.frames([11, 2, 10])] == [11, 2, 10]


def test_the_same_frame_twice(videos, number_in):
    for kind in ("short groups", "gif", "pictures"):
        frames = open_clip(videos[kind], IndexStore()).frames([9, 9])
        assert [number_in(frame) for frame in frames] == [9, 9]


def test_only_the_groups_with_wanted_frames_are_read(videos, tmp_path, number_in):
    path = tmp_path / "copy.mp4"
    path.write_bytes(videos["short groups"].read_bytes())
    clip, index = open_clip(path, IndexStore()), IndexStore().get(path)
    group = next(row for row in index.table.key_rows.tolist() if row > 20)
    begin, end = index.table.packets["pos"][[0, group]]
    data = bytearray(path.read_bytes())
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    assert [number_in(frame) for frame in clip.frames([36, 29])] == [36, 29]
    with pytest.raises(MediaError, match=r"frame 8 is damaged"):
        clip.frames([8, 36])


def test_frames_that_are_not_there(videos):
    clip = open_clip(videos["gif"], IndexStore())
    for number in (-1, 20):
        with pytest.raises(IndexError, match=r"expected 0 \.\. 19"):
            clip.frames([number])


def test_a_vanished_file(videos, tmp_path):
    path = tmp_path / "copy.mp4"
    path.write_bytes(videos["short groups"].read_bytes())
    clip = open_clip(path, IndexStore())
    path.unlink()
    with pytest.raises(MediaError, match="cannot be read"):
        clip.frames([0])
    with pytest.raises(MediaError, match="cannot be read"):
        open_clip(path, IndexStore())


def test_hdr_is_converted_however_it_is_read(tmp_path):
    path = Path(__file__).with_name("hlg.mp4")  # all of it (200, 40, 40), HLG, BT.2020, 10 bits
    IndexStore(tmp_path).get(path)

    clip = open_clip(path, IndexStore(tmp_path))

    assert isinstance(clip, DirectClip)
    assert np.abs(clip.frames([3])[0].astype(int) - (200, 40, 40)).max() <= 2
    for direct, sequential in zip(clip.span(0, len(clip)), whole(path, len(clip)), strict=True):
        np.testing.assert_array_equal(direct, sequential)


@pytest.mark.parametrize("turned", [False, True])
def test_a_size_that_changes_does_not_squash_the_picture(tmp_path, write_squares, turned):
    path = write_squares(tmp_path / "size.mp4", turned=turned)

    clip = open_clip(path, IndexStore())

    assert isinstance(clip, DirectClip)
    assert len(clip) == 20
    for frame in [*clip.span(0, 20), *clip.frames([15])]:
        assert frame.shape == (96, 96, 3)
        bright = frame[:, :, 1] > 128
        assert (bright.any(0).sum(), bright.any(1).sum()) == (40, 40)
    for direct, sequential in zip(clip.span(0, 20), whole(path, 20), strict=True):
        np.testing.assert_array_equal(direct, sequential)
