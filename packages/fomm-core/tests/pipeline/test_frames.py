"""Frames of driving videos, as small as the model needs them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import BrokenMediaError, MediaError
from fomm_core.face.crop import Crop
from fomm_core.face.track import CropPath
from fomm_core.image import fit
from fomm_core.pipeline.benchmark import moving_pattern
from fomm_core.pipeline.frames import CutFrames, VideoFrames, up_to_damage
from fomm_core.video import VideoReader, VideoWriter

BLACK = np.zeros((4, 4, 3), np.uint8)
HEIGHT, WIDTH = 270, 480


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> VideoReader:
    """A short video of 480x270 pixels."""
    path: Path = tmp_path_factory.mktemp("frames") / "large.mp4"
    with VideoWriter(path, Fraction(25), crf=4) as writer:
        for frame in moving_pattern((HEIGHT, WIDTH), 3):
            writer.write(frame)
    return VideoReader(path)


@pytest.mark.parametrize(
    ("side", "square", "reduction"),
    [(270, None, 1), (109, None, 1), (108, None, 2), (64, None, 3), (64, 100, 1), (64, 160, 2)],
)
def test_frames_are_read_no_larger_than_needed(large, side, square, reduction):
    frames = VideoFrames(large).reduced_to((side, side), square)
    assert frames.scale == 1 / reduction
    first = next(iter(frames))
    assert first.shape == (HEIGHT / reduction, WIDTH / reduction, 3)
    if reduction == 1:
        np.testing.assert_array_equal(first, next(iter(large)))


def test_whole_frames_fitted_from_reduced_ones_look_the_same(large):
    size = (64, 64)
    for small, whole in zip(VideoFrames(large).reduced_to(size), large, strict=True):
        assert psnr(fit(small, size), fit(whole, size)) > 40


def test_squares_are_cut_from_reduced_frames_at_the_same_place(large):
    path = CropPath(tuple(Crop(left, 40.5, 200) for left in (-20, 60.25, 270)), turns=1)
    cut = CutFrames(VideoFrames(large), 2, path, (64, 64))
    reduced = cut.reduced()
    assert isinstance(reduced.frames, VideoFrames)
    assert reduced.frames.scale == 1 / 2
    for _ in range(2):
        pairs = list(zip(reduced, cut, strict=True))
        assert len(pairs) == 2
        assert all(psnr(*pair) > 40 for pair in pairs)


def test_frames_in_memory_stay_as_they_are():
    cut = CutFrames([BLACK, BLACK], 2, None, (1, 1))
    assert cut.reduced() is cut


def test_frames_before_the_damage(caplog):
    def frames():
        yield BLACK
        raise BrokenMediaError("clip: broken off", 1)

    assert len(list(up_to_damage(frames()))) == 1
    assert "clip: broken off; going on with the 1 frames before it" in caplog.text


def test_other_errors_pass():
    def frames():
        yield BLACK
        raise MediaError("something else")

    left = up_to_damage(frames())
    next(left)
    with pytest.raises(MediaError, match="something else"):
        next(left)


def psnr(found: np.ndarray, expected: np.ndarray) -> float:
    error = np.square(found.astype(float) - expected).mean()
    return float(10 * np.log10(255**2 / error))
