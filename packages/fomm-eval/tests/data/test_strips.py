from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fomm_core.errors import MediaError, OutputError
from fomm_core.image import picture_size
from fomm_eval.data import strips
from fomm_eval.data.strips import StripWriter, read_strip


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_what_is_written_is_what_other_programs_read(tmp_path_factory, count, height, width, seed):
    path = tmp_path_factory.mktemp("strip") / "strip.png"
    random = np.random.default_rng(seed)
    frames = list(random.integers(0, 256, (count, height, width, 3), np.uint8))
    with StripWriter(path) as writer:
        for frame in frames:
            writer.write(frame)
    assert np.array_equal(np.asarray(Image.open(path)), np.hstack(frames))
    assert picture_size(path) == (height, count * width)
    assert all(map(np.array_equal, read_strip(path, width), frames))


def test_bands_of_any_height_give_the_same_strip(tmp_path, frames, monkeypatch):
    pictures = frames(4)
    for rows in (1, 7, 64):
        monkeypatch.setattr(strips, "_BAND_BYTES", rows * 4 * 64 * 3)
        with StripWriter(tmp_path / "strip.png") as writer:
            for frame in pictures:
                writer.write(frame)
        assert np.array_equal(np.asarray(Image.open(tmp_path / "strip.png")), np.hstack(pictures))


def test_a_failure_leaves_nothing_but_what_was_there(tmp_path, frames):
    path = tmp_path / "strip.png"
    path.write_bytes(b"earlier")
    writer = StripWriter(path)
    writer.write(frames(1)[0])
    writer.__exit__(KeyError, KeyError(), None)
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_made_for_a_strip_goes_without_it(tmp_path, frames):
    writer = StripWriter(tmp_path / "one" / "png" / "strip.png")
    writer.write(frames(1)[0])
    writer.__exit__(KeyError, KeyError(), None)
    assert not list(tmp_path.iterdir())


def test_no_frames_are_no_strip(tmp_path):
    with pytest.raises(OutputError, match="expected frames to write, found none"):
        StripWriter(tmp_path / "strip.png").__exit__(None, None, None)
    assert not list(tmp_path.iterdir())


def test_frames_of_another_size_are_refused(tmp_path, frames):
    with StripWriter(tmp_path / "a.png") as writer:
        writer.write(frames(1)[0])
        with pytest.raises(ValueError, match="expected"):
            writer.write(frames(1, size=32)[0])


def test_a_strip_that_is_no_multiple_of_a_frame_is_refused(tmp_path, put, frames):
    path = put.strip(tmp_path / "strip.png", frames(3))
    with pytest.raises(MediaError, match=r"frames 50 pixels wide side by side.*192 pixels"):
        list(read_strip(path, 50))


def test_a_strip_that_is_too_long_to_be_read_is_written_with_a_warning(
    tmp_path, frames, monkeypatch, caplog
):
    monkeypatch.setattr(strips, "MAX_PIXELS", 3 * 64 * 64)
    for count, told in ((3, ""), (4, "256 x 64 pixels are more than the 12,288")):
        with StripWriter(tmp_path / f"{count}.png") as writer:
            for frame in frames(count):
                writer.write(frame)
        assert told in caplog.text
        assert bool(told) == bool(caplog.records)
        assert picture_size(tmp_path / f"{count}.png") == (64, count * 64)
