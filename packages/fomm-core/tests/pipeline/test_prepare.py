"""Warnings of pictures and videos that have too few pixels for the model."""

from __future__ import annotations

import logging
from fractions import Fraction

import numpy as np
import pytest

from fomm_core.config import Config
from fomm_core.engine.fake import FakeEngine
from fomm_core.face.crop import Crop
from fomm_core.loading import Model
from fomm_core.pipeline.driving import open_driving
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.prepare import prepare_source, record_motion
from fomm_core.video import VideoWriter

SIZE = (48, 64)


@pytest.fixture
def model(tiny) -> Model:
    config: Config = tiny((*SIZE, 3))
    return Model("tiny", config, FakeEngine(SIZE))


@pytest.fixture
def warnings(caplog):
    """Lists the warnings of a block."""

    def of(block) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING, "fomm_core.pipeline.prepare"):
            block()
        return caplog.messages

    return of


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((1, 1), ["source: 1 x 1 pixels are few for a model of 64 x 48; take one with more"]),
        ((11, 64), ["source: 64 x 11 pixels are few for a model of 64 x 48; take one with more"]),
        ((12, 12), []),
        ((480, 640), []),
    ],
)
def test_a_picture_far_smaller_than_the_frames(model, warnings, size, told):
    picture = np.zeros((*size, 3), np.uint8)
    assert warnings(lambda: prepare_source(model, picture, AnimationOptions())) == told


@pytest.mark.parametrize(("side", "count"), [(11, 1), (12, 0)])
def test_a_square_counts_as_it_is_in_the_picture(model, warnings, side, count):
    options = AnimationOptions(square=Crop(0, 0, side), size=480)
    picture = np.zeros((480, 640, 3), np.uint8)
    assert len(warnings(lambda: prepare_source(model, picture, options))) == count


@pytest.mark.parametrize(("side", "count"), [(10, 1), (12, 0)])
def test_a_driving_video_far_smaller_than_the_frames(model, warnings, tmp_path, side, count):
    with VideoWriter(tmp_path / "a.mp4", Fraction(25)) as writer:
        writer.write(np.zeros((side, side, 3), np.uint8))
    source = prepare_source(model, np.zeros((*SIZE, 3), np.uint8), AnimationOptions())
    driving = open_driving(tmp_path / "a.mp4")
    found = warnings(lambda: record_motion(driving, source, AnimationOptions()))
    assert [text.split(":")[0] for text in found] == ["driving video"] * count
