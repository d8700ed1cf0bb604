from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from fomm_core.benchmark_format import open_benchmark
from fomm_core.errors import MediaError
from fomm_core.loading import load_model
from fomm_eval.benchmark import measure as measuring
from fomm_eval.benchmark.measure import EYES, KEYPOINT_ERROR, MOUTH, POSE_ERROR, measure
from fomm_eval.metrics import L1, PSNR
from fomm_eval.report.benchmark import format_result, write_result


@dataclass(frozen=True)
class Blend:
    """Animates part of the way from the source to the true answers, which it is told."""

    truths: dict[bytes, np.ndarray]
    share: float
    name: str = "blend"

    def animate(self, source, driving):
        for frame in driving:
            true = self.truths[frame.tobytes()]
            yield (source + (true - source.astype(float)) * self.share + 0.5).astype(np.uint8)


@pytest.fixture
def benchmark(benchmark_folder):
    return open_benchmark(benchmark_folder)


@pytest.fixture
def animate_with(monkeypatch, benchmark_folder):
    """Puts another method in the model's place."""
    truths = {}
    for driving in benchmark_folder.rglob("driving/*.png"):
        target = driving.parent.parent / "target" / driving.name
        frame, true = (np.asarray(Image.open(path)) for path in (driving, target))
        truths[frame.tobytes()] = true

    def put(share):
        monkeypatch.setattr(measuring, "ModelMethod", lambda model, motion: Blend(truths, share))

    return put


def overall(result, number=0):
    return {m: result.methods[number].scores.overall(m) for m in measuring.METRICS}


def test_the_true_answers_are_perfect(model, benchmark, animate_with):
    animate_with(1.0)
    found = overall(measure(model, benchmark))
    assert found[L1].mean == 0
    assert found[PSNR].mean == 100
    assert found[EYES].mean == pytest.approx(1)
    assert found[MOUTH].mean == pytest.approx(1)
    assert found[POSE_ERROR].mean == 0
    assert (found[EYES].count, found[MOUTH].count, found[L1].count) == (4, 2, 12)


def test_half_an_expression_is_half_of_it(model, benchmark, animate_with):
    # Between source and truth, the differences that expressions make are halved too.
    animate_with(0.5)
    found = overall(measure(model, benchmark))
    assert found[EYES].mean == pytest.approx(0.5, abs=0.02)
    assert found[MOUTH].mean == pytest.approx(0.5, abs=0.02)


def test_baselines_are_what_they_are(model, benchmark):
    result = measure(model, benchmark)
    assert [method.name for method in result.methods] == ["fake", "copy source", "copy driving"]
    source, driving = overall(result, 1), overall(result, 2)
    assert source[EYES].mean == source[MOUTH].mean == 0
    assert source[POSE_ERROR].mean > driving[POSE_ERROR].mean
    assert driving[L1].mean > 0.02
    assert driving[EYES].mean > 0.5, "the driving avatar does blink"
    assert source[KEYPOINT_ERROR] is driving[KEYPOINT_ERROR] is None


def test_keypoints_of_the_model_are_compared_with_the_truth(model, benchmark_folder):
    benchmark = open_benchmark(benchmark_folder)
    near = overall(measure(model, benchmark))[KEYPOINT_ERROR]
    assert near.count == 12
    for case in benchmark.cases:
        np.savez(case.ground_truth, value=np.full((6, 10, 2), 0.5, np.float32))
    assert overall(measure(model, benchmark))[KEYPOINT_ERROR].mean > near.mean + 40
    for case in benchmark.cases:
        np.savez(case.ground_truth, value=np.zeros((6, 7, 2), np.float32))
    assert overall(measure(model, benchmark))[KEYPOINT_ERROR] is None


def test_a_benchmark_of_another_size_is_refused(benchmark):
    with (
        load_model("avatar") as model,
        pytest.raises(MediaError, match="model's size, 128x128, found 64x64"),
    ):
        measure(model, benchmark)


def test_the_report_has_every_figure(model, benchmark, tmp_path):
    result = measure(model, benchmark)
    write_result(tmp_path / "out", result)
    content = json.loads((tmp_path / "out" / "avatars.json").read_text())
    assert content["seed"] == 5
    assert content["motion"] == "relative"
    assert content["answers"]["copy source"]["eyes"]["mean"] == 0
    assert content["answers"]["copy source"]["keypoint error"] is None
    lines = list(csv.DictReader((tmp_path / "out" / "avatars.csv").open()))
    assert len(lines) == 3 * len(measuring.METRICS)
    table = format_result(result)
    assert table.splitlines()[0].split() == ["metric", "fake", "copy", "source", "copy", "driving"]
    assert "2 cases, 12 frames, seed 5, relative motion" in table
    page = (tmp_path / "out" / "avatars.html").read_text()
    assert page.count("<svg ") == len(measuring.METRICS)
    assert "case 0001, frame 3" in page
