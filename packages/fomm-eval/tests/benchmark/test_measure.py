from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from fomm_core.benchmark_format import open_benchmark
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


def put_settings(folder, **changes):
    path = folder / "benchmark.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def put_labels(folder):
    """Label maps: a figure with eyes and mouth in it, at the same place in all frames."""
    put_settings(folder, labels=["background", "skin", "eyes", "mouth"])
    labels = np.zeros((64, 64), np.uint8)
    labels[16:48, 8:56] = 1
    labels[20:26, 16:50], labels[38:44, 20:44] = 2, 3
    for target in folder.glob("*/target/*.png"):
        path = target.parent.parent / "labels" / target.name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(labels).save(path)


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


@pytest.mark.parametrize("side", [32, 128])
def test_a_model_of_another_size_is_measured_in_that_of_the_benchmark(
    fake_model, benchmark_folder, side
):
    benchmark = open_benchmark(benchmark_folder)
    found, same = (measure(fake_model(size), benchmark) for size in (side, benchmark.settings.size))
    assert overall(found)[L1].mean < 2 * overall(same)[L1].mean, "no more than is lost by scaling"
    assert overall(found)[POSE_ERROR].mean == pytest.approx(overall(same)[POSE_ERROR].mean, abs=4)
    for baseline in (1, 2):
        assert overall(found, baseline)[L1] == overall(same, baseline)[L1]


def test_first_frames_need_not_count(model, benchmark_folder):
    put_settings(benchmark_folder, first_scored=1)
    source, every = (
        overall(measure(model, open_benchmark(benchmark_folder)), 1)[L1],
        (benchmark_folder / "0000" / "target").iterdir(),
    )
    assert source.count == 2 * (len(list(every)) - 1)
    put_settings(benchmark_folder, first_scored=0)
    with_first = overall(measure(model, open_benchmark(benchmark_folder)), 1)[L1]
    assert with_first.mean * with_first.count == pytest.approx(source.mean * source.count)


def test_labelled_regions_have_errors(model, benchmark_folder):
    put_labels(benchmark_folder)
    result = measure(model, open_benchmark(benchmark_folder))
    names = [metric.name for metric in result.metrics]
    assert names[-5:] == [
        "figure error", "eyes error", "mouth error", "pose error", "keypoint error",
    ]  # fmt: skip
    source = {m.name: result.methods[1].scores.overall(m) for m in result.metrics}
    driving = {m.name: result.methods[2].scores.overall(m) for m in result.metrics}
    assert source["figure error"].mean == source["eyes error"].mean == 1
    assert driving["eyes error"].mean != 1
    assert source["figure error"].count == 10, "first frames do not move"


def test_keypoints_of_the_cases_frames_are_detected_once(model, benchmark, monkeypatch):
    calls = []
    detect = model.engine.detect
    monkeypatch.setattr(model.engine, "detect", lambda image: calls.append(1) or detect(image))
    measure(model, benchmark)
    animated = 2 * (1 + 6) + 2 * (2 * 2 + 3)  # cases, then expressions with what leads them
    assert len(calls) <= animated + 2 * (1 + 3 * 6)


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
    write_result(tmp_path / "out", result, "heads")
    assert (tmp_path / "out" / "heads.csv").read_bytes() == (
        tmp_path / "out" / "avatars.csv"
    ).read_bytes()
