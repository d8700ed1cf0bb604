"""The records of a benchmark and their JSON, whose form programs rely on."""

from __future__ import annotations

import json

import pytest

from fomm_core.pipeline.bench_report import BenchReport, Measurement, with_work
from fomm_core.utils.machine import describe_machine

MEASURED = Measurement(
    engine="openvino",
    precision="fp32",
    device="cpu",
    model="face",
    size=(256, 128),
    stage_ms={"keypoints": 0.0, "encoder": 20.0, "decoder": 100.0},
    fps=5.0,
    first_frame_s=2.5,
    peak_rss_mb=987.6,
)


def test_a_measurement_is_what_its_json_says():
    found = Measurement.from_json(MEASURED.to_json())
    assert found == MEASURED
    assert isinstance(found.size, tuple)


def test_a_report_is_one_object_of_the_agreed_form():
    report = BenchReport(describe_machine(), (with_work(MEASURED, {"decoder": 20.0}),))
    (result,) = json.loads(report.to_json())["results"]
    assert list(result) == [
        *("engine", "precision", "device", "model", "size", "stage_ms"),
        *("fps", "first_frame_s", "peak_rss_mb", "stage_gmac", "stage_gflops"),
    ]
    assert result["size"] == [256, 128]
    assert BenchReport.from_json(report.to_json()) == report


def test_only_timed_stages_have_a_speed():
    """Of 20 GMAC in 100 ms, 40 GFLOP in 0.1 s; a stage without a time has none."""
    result = with_work(MEASURED, {"keypoints": 1.00004, "decoder": 20.0})
    assert result.stage_gmac == {"keypoints": 1.0, "decoder": 20.0}
    assert result.stage_gflops == {"decoder": 400.0}


@pytest.mark.parametrize("text", ["", "{}", '{"engine": "openvino"}'])
def test_other_text_is_no_measurement(text):
    with pytest.raises(ValueError, match="Measurement"):
        Measurement.from_json(text)
