"""``fomm quantize``: an INT8 decoder for a model, and what it makes of frames."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from fomm_core.image import read_image
from fomm_core.model.bundle import INT8_DECODER, open_bundle
from fomm_core.model.samples import DRAWN_DRIVING, DRAWN_SOURCE
from fomm_core.video import PngWriter, VideoReader

pytestmark = pytest.mark.once


@pytest.fixture
def clip(here):
    """Three driving frames, far apart."""
    with PngWriter(here / "clip") as writer:
        for index, frame in enumerate(VideoReader(DRAWN_DRIVING, end=2.0)):
            if index in (0, 12, 36):
                writer.write(frame)
    return "clip"


def test_frames_of_the_int8_decoder_are_near(fomm, animate, here, clip):
    words = ("--model", "avatar", "--source", DRAWN_SOURCE, "--driving", clip, "--output", "small")
    told = fomm("quantize", *words)
    assert (told.code, told.out) == (
        0,
        "small: avatar, with an INT8 decoder: --precision int8\n",
    ), told.err
    bundle = open_bundle(here / "small")
    assert bundle.card.int8 == "calibrated on clip"
    assert (here / "small" / INT8_DECODER).stat().st_size < 2e6
    frames = {}
    for precision in ("fp32", "int8"):
        words = ("--model", "small", "--precision", precision, "--engine", "openvino")
        pair = ("--source", DRAWN_SOURCE, "--driving", clip, "--crop", "off")
        done = animate(*words, *pair, "--only-generated", "--output-png", "--output", precision)
        assert done.code == 0, done.err
        files = sorted((here / precision).glob("*.png"))
        frames[precision] = np.stack([read_image(file) for file in files]).astype(float)
    error = np.square(frames["fp32"] - frames["int8"]).mean()
    assert 0 < error < 255**2 / 10**4


def test_the_folder_itself_gets_it_where_none_is_named(fomm, here, clip):
    fomm("quantize", "--model", "avatar", "--driving", clip, "--output", "mine")
    before = open_bundle(here / "mine").card
    assert fomm("-q", "quantize", "--model", "mine", "--driving", clip).code == 0
    assert open_bundle(here / "mine").card.files.keys() == before.files.keys()

    (here / "mine" / "notes.txt").write_text("years of work")
    refusal = fomm("quantize", "--model", "mine", "--driving", clip).refusal
    assert "expected the model's own files alone, found notes.txt" in refusal
    assert (here / "mine" / "notes.txt").exists()


def test_a_terminal_shows_each_stage_unless_quiet(fomm, clip, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    words = ("quantize", "--model", "avatar", "--driving", clip, "--output")
    shown = fomm(*words, "loud").err
    for stage in ("detecting the motion", "calibrating"):
        assert f"{stage}: 100%" in shown
    assert fomm("-q", *words, "silent").err == ""


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names there are Unicode")
def test_a_clip_whose_name_is_no_text(fomm, here, clip):
    name = os.fsdecode(b"caf\xe9")
    (here / clip).rename(here / name)
    told = fomm("quantize", "--model", "avatar", "--driving", name, "--output", "small")
    assert told.code == 0, told.err
    assert open_bundle(here / "small").card.int8 == r"calibrated on caf\xe9"


def test_what_is_missing_is_told(fomm, animate, clip):
    refusal = fomm("quantize", "--model", "avatar", "--driving", clip).refusal
    assert refusal == "avatar: expected --output FOLDER to copy it to, found none"
    words = ("--precision", "int8", "--engine", "openvino")
    refusal = animate(*words, "--source", DRAWN_SOURCE, "--driving", clip).refusal
    assert "avatar: expected an INT8 decoder, found none; make one with fomm quantize" in refusal
