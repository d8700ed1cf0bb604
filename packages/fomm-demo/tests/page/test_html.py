from __future__ import annotations

import base64
import re
from fractions import Fraction
from io import BytesIO

import numpy as np
from PIL import Image

from fomm_core.model.listing import ModelInfo
from fomm_core.motion.template import MotionTemplate
from fomm_demo.page.html import Panel, card_text, duration, note, panels, preview, progress
from fomm_demo.page.plots import path_plots
from fomm_demo.services.jobs import Snapshot

RED = np.full((4, 6, 3), (200, 0, 0), np.uint8)


def test_a_preview_holds_the_frame_itself():
    html = preview(Snapshot("animating", 3, 9, RED, 10.0))
    data = re.search(r"base64,([^\"]+)", html)[1]

    assert Image.open(BytesIO(base64.b64decode(data))).size == (6, 4)


def test_progress_says_frame_rate_and_time_left():
    html = progress(Snapshot("animating", 30, 120, RED, 12.5))

    for part in ("Animating", "frame 30 of 120", "12.5 frames/s", "7 s left", 'value="0.2500"'):
        assert part in html


def test_progress_does_not_claim_what_it_does_not_know():
    loading = progress(Snapshot())
    unknown = progress(Snapshot("animating", 30, None, RED, 12.5))
    beyond = progress(Snapshot("animating", 31, 30, RED, 12.5))

    assert "value=" not in loading
    assert "frame" not in loading
    assert "frame 30<" in unknown
    assert "left" not in unknown
    assert "frame 31 of 31" in beyond
    assert 'value="1.0000"' in beyond


def test_durations_are_short():
    assert (duration(0.2), duration(59.6), duration(125)) == ("0 s", "1 min 0 s", "2 min 5 s")


def test_what_others_wrote_is_text_and_no_markup():
    evil = "<img src=x onerror=alert(1)>"
    for html in (
        note(evil),
        panels([Panel(evil, RED)]),
        card_text(ModelInfo("a", evil, evil, evil, ((evil, 1.0),))),
    ):
        assert "<img src=x" not in html
        assert "&lt;img" in html


def test_paths_have_a_line_for_each_keypoint_and_coordinate():
    values = np.random.default_rng(0).normal(size=(1000, 3, 2)).astype(np.float32)
    html = path_plots(MotionTemplate(values, None, Fraction(25), "a", (8, 8)), marked=10)

    assert html.count("<polyline") == 6
    assert html.count("fd-mark") == 2
    assert "1000 frames" in html
    assert html.count("<span>40.0 s</span>") == 2
    assert len(html) < 60_000


def test_a_motion_of_one_frame_can_be_drawn():
    values = np.zeros((1, 2, 2), np.float32)

    assert "nan" not in path_plots(MotionTemplate(values, None, Fraction(25), "a", (8, 8)), 0)
