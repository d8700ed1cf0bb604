from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from fomm_eval.comparison.compare import evaluate
from fomm_eval.comparison.scores import FrameScore, Scores, ScoreTable
from fomm_eval.data.clips import pair_clips
from fomm_eval.metrics import L1
from fomm_eval.report.page import evaluation_page
from fomm_eval.report.plots import MOST_BOXES, distribution_plot
from fomm_eval.report.records import rows_of

VOID = {"meta", "img"}


class Outline(HTMLParser):
    """Collects what a page holds, and checks that its elements are closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.words, self.images = [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_data(self, data):
        self.words += data


@pytest.fixture
def page(tmp_path, put, frames):
    for number, name in enumerate(["<b>bold</b>", "other & more"]):
        put.folder(tmp_path / "real" / name.replace("/", "|"), frames(4, number))
        put.folder(tmp_path / "made" / name.replace("/", "|"), frames(4, number + 1))
    evaluation = evaluate(pair_clips(tmp_path / "real", tmp_path / "made"))
    facts = [("real", "<script>alert(1)</script>")]
    return evaluation_page("A & B", evaluation, rows_of(evaluation.scores), facts), evaluation


def test_the_page_is_whole_and_plain_text_stays_text(page):
    outline = Outline(page[0])
    assert not outline.open
    for text in ("A & B", "<script>alert(1)</script>", "<b>bold<|b>", "other & more"):
        assert text in outline.words
    assert "<script" not in page[0]


def test_the_page_asks_nothing_of_the_network(page):
    addresses = re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"', page[0])
    assert not addresses
    assert "default-src 'none'" in page[0]
    assert "@import" not in page[0]


def test_there_is_a_plot_for_each_metric(page):
    assert page[0].count("<svg ") == 3


def test_worst_frames_stand_side_by_side(page):
    outline, evaluation = Outline(page[0]), page[1]
    assert len(outline.images) == len(evaluation.worst) == 2
    data = outline.images[0]["src"].partition("base64,")[2]
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    worst = evaluation.worst[0]
    assert np.array_equal(image[:, :64], worst.real)
    assert np.array_equal(image[:, 64:128], worst.generated)
    assert f"frame {worst.index}: L1 {worst.value:.4g}" in outline.images[0]["alt"]


def test_many_clips_become_a_histogram():
    clips = []
    for number in range(MOST_BOXES + 1):
        table = ScoreTable(f"clip {number}", (L1,))
        table.append([FrameScore(number / 100)])
        clips.append(table.finish())
    plot = distribution_plot(Scores(tuple(clips)), L1)
    assert plot.startswith("<svg")
    assert plot == distribution_plot(Scores(tuple(clips)), L1), "equal results, equal plots"
