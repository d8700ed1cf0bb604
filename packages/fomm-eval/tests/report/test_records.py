from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from fomm_eval.comparison.scores import NO_SCORE, FrameScore, Scores, ScoreTable
from fomm_eval.metrics import AKD, L1
from fomm_eval.report.records import frames_csv, rows_of, to_csv, to_json
from fomm_eval.report.table import MOST_CLIPS, align, format_clips, format_overall


def clip(name, *frames):
    table = ScoreTable(name, (L1, AKD))
    for frame in frames:
        table.append(frame)
    return table.finish()


@pytest.fixture
def scores():
    one = clip("one, and a half", (FrameScore(0.25), FrameScore(3.0)), (FrameScore(0.5), NO_SCORE))
    return Scores((one, clip("two", (FrameScore(0.75), NO_SCORE))))


def test_json_has_all_figures_and_null_for_none(scores):
    content = json.loads(to_json(rows_of(scores), {"landmarks": "dlib 19"}))
    assert content["landmarks"] == "dlib 19"
    assert content["metrics"]["AKD"]["unit"] == "px"
    assert content["metrics"]["L1"]["better"] == "lower"
    assert content["overall"]["L1"]["mean"] == pytest.approx(0.5)
    assert content["overall"]["AKD"]["count"] == 1
    assert content["clips"]["one, and a half"]["L1"]["mean"] == pytest.approx(0.375)
    assert content["clips"]["two"]["AKD"] is None
    assert set(content["overall"]["L1"]) == {"mean", "std", "low", "high", "count"}


def test_csv_has_one_line_a_clip_and_metric(scores):
    lines = list(csv.DictReader(io.StringIO(to_csv(rows_of(scores)))))
    assert [line["clip"] for line in lines] == [
        *["(all)"] * 2,
        *["one, and a half"] * 2,
        *["two"] * 2,
    ]
    assert float(lines[2]["mean"]) == pytest.approx(0.375)
    assert lines[5]["mean"] == ""


def test_frames_csv_has_one_line_a_frame(scores):
    assert frames_csv(scores).splitlines() == [
        "clip,frame,L1,AKD",
        '"one, and a half",0,0.25,3',
        '"one, and a half",1,0.5,',
        "two,0,0.75,",
    ]


def test_the_table_on_screen(scores):
    overall = format_overall(rows_of(scores)).splitlines()
    assert overall[1].split() == ["L1", "0.5000", "0.2041", "0.3750", "..", "0.7500", "3", "lower"]
    assert overall[2].startswith("AKD [px]  3.0000")
    assert format_clips(rows_of(scores)).splitlines()[-1].split() == ["two", "0.7500", "-"]


def test_a_long_table_is_cut():
    many = Scores(tuple(clip(f"{n}", (FrameScore(0.5), NO_SCORE)) for n in range(MOST_CLIPS + 3)))
    lines = format_clips(rows_of(many)).splitlines()
    assert len(lines) == MOST_CLIPS + 2
    assert lines[-1] == "... and 3 more clips"


def test_columns_are_aligned():
    assert align([("a", "b"), ("long", "10")]) == "a      b\nlong  10"


def test_arrays_are_frames_by_metrics(scores):
    assert scores.clips[0].values.shape == (2, 2)
    assert np.isnan(scores.clips[0].values[1, 1])
    assert scores.clips[0].weights.tolist() == [[1, 1], [1, 0]]
