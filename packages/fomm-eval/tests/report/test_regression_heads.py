"""``face`` must not get worse on rendered people than on record (regression_heads.json)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fomm_core.benchmark_format import open_benchmark
from fomm_core.loading import load_model
from fomm_eval.benchmark.measure import measure
from fomm_eval.report.regression import find_worsened, read_record
from fomm_eval.samples import HEADS

RECORD = Path(__file__).with_name("regression_heads.json")
STEP = 6  # as benchmarks/record_figures.py has it: three of eighteen


@pytest.fixture(scope="module")
def methods():
    """The embedded model and the baselines on some rendered people."""
    benchmark = open_benchmark(HEADS)
    with load_model("face") as model:
        return measure(model, replace(benchmark, cases=benchmark.cases[::STEP])).methods


def test_the_embedded_model_is_as_good_as_its_record(methods):
    record = read_record(RECORD)
    assert {"figure error", "eyes error", "mouth error", "keypoint error"} <= set(record)
    assert find_worsened(record, methods[0].scores) == []


def test_baselines_are_worse_than_the_record(methods):
    for baseline in methods[1:]:
        problems = find_worsened(read_record(RECORD), baseline.scores)
        worse = {problem.partition(":")[0] for problem in problems}
        assert {"L1", "figure error", "eyes error", "mouth error", "pose error"} <= worse
