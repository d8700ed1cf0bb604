"""``fomm bench``: what is measured and how it is told."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest
import yaml

from fomm_core import loading
from fomm_core.cli import bench
from fomm_core.cli.bench_tables import WORK_TITLE, format_markdown, format_table, format_work
from fomm_core.engine.registry import engine_specs
from fomm_core.engine.spec import EngineStatus, has_module
from fomm_core.model.bundle import STAGES
from fomm_core.pipeline.bench_report import Measurement, with_work

MEASURED = Measurement(
    engine="openvino",
    precision="fp32",
    device="cpu",
    model="vox",
    size=(256, 128),
    stage_ms=dict(zip(STAGES, (1.0, 22.5, 3.25, 100.125), strict=True)),
    fps=5.0,
    first_frame_s=2.5,
    peak_rss_mb=987.6,
)
GMAC = dict(zip(STAGES, (0.05, 9.0, 0.325, 20.025), strict=True))
RESULT = with_work(MEASURED, GMAC)


@pytest.fixture
def tiny_config(here, tiny_data):
    """A small configuration without parameters."""
    (here / "small net.yaml").write_text(yaml.safe_dump(tiny_data()))
    return "small net.yaml"


def test_the_json_is_one_object_of_the_agreed_form(program):
    words = ("--engine", "openvino", "--precision", "fp32", "--seconds", "0.1", "--json")
    done = program("bench", *words)
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found.keys() == {"machine", "results"}
    assert {"system", "python", "cpu", "cores", "cpu_features", "memory_gb", "gpus"} <= (
        found["machine"].keys()
    )
    (result,) = found["results"]
    assert result.keys() == asdict(RESULT).keys()
    named = {key: result[key] for key in ("engine", "precision", "model", "size")}
    assert named == {
        "engine": "openvino",
        "precision": "fp32",
        "model": "face",
        "size": [256, 256],
    }
    assert result["stage_ms"].keys() == set(STAGES)
    assert all(milliseconds > 0 for milliseconds in result["stage_ms"].values())
    assert result["stage_gmac"].keys() == result["stage_gflops"].keys() == set(STAGES)
    for stage, milliseconds in result["stage_ms"].items():
        reached = 2000 * result["stage_gmac"][stage] / milliseconds
        assert result["stage_gflops"][stage] == pytest.approx(reached, rel=0.01)
    assert result["fps"] > 0
    assert result["first_frame_s"] > sum(result["stage_ms"].values()) / 1000
    assert 30 < result["peak_rss_mb"] < 3000


def test_engines_are_compared_with_random_parameters(fomm, nnabla, tiny_config, files):
    words = ("--config", tiny_config, "--precision", "fp32", "--seconds", "0")
    done = fomm("bench", *words)
    assert done.code == 0, done.err
    there = [name for name in ("openvino", "onnxruntime", "nnabla") if has_module(name)]
    assert done.err.splitlines() == [f"measuring {engine}, fp32 ..." for engine in there]
    lines = done.out.splitlines()
    assert lines[0] == "small net, 32x24"
    speed, work = lines[2 : 2 + len(there)], lines[-len(there) :]
    for rows in (speed, work):
        assert [line.split()[:2] for line in rows] == [[engine, "fp32"] for engine in there]
    assert "1.0x" in {line.split()[-1] for line in speed}
    assert lines[2 + len(there) :][:2] == ["", WORK_TITLE]
    assert len(lines) == 6 + 2 * len(there)
    assert files() == {tiny_config}


def test_the_table_is_aligned_and_compares_with_the_slowest():
    fast = replace(RESULT, precision="fast", fps=12.5, first_frame_s=10.25)
    title, *rows = format_table([fast, RESULT]).splitlines()
    assert title == "vox, 128x256"
    assert len({len(row) for row in rows}) == 1
    assert rows[0].split()[:3] == ["engine", "precision", "keypoints"]
    cells = [row.split() for row in rows[1:]]
    assert cells[0][-4:] == ["12.50", "10.25", "988", "2.5x"]
    assert cells[1] == [
        *("openvino", "fp32", "1.00", "22.50", "3.25", "100.12", "5.00", "2.50", "988", "1.0x")
    ]


def test_pytorch_is_compared_where_it_is_installed(fomm):
    pytest.importorskip("torch")
    words = ("--engine", "openvino", "--precision", "fp32", "--seconds", "0", "--compare", "--json")
    done = fomm("bench", "--model", "avatar", *words)
    assert (done.code, done.err) == (0, "")
    openvino, pytorch = json.loads(done.out)["results"]
    assert pytorch.keys() == openvino.keys() == asdict(RESULT).keys()
    assert (pytorch["engine"], pytorch["precision"]) == ("pytorch", "fp32")
    assert pytorch["stage_gmac"] == openvino["stage_gmac"]
    assert pytorch["stage_gflops"].keys() == set(STAGES)


def test_where_it_is_not_a_line_says_what_to_install(fomm, monkeypatch):
    monkeypatch.setattr(bench, "has_module", lambda name: name != "torch")
    words = ("--engine", "openvino", "--precision", "fp32", "--seconds", "0", "--compare", "--json")
    done = fomm("bench", "--model", "avatar", *words)
    assert done.code == 0
    assert done.err.splitlines() == ["pytorch: not installed: pip install 'fomm-core[torch]'"]
    assert [result["engine"] for result in json.loads(done.out)["results"]] == ["openvino"]


def test_the_work_is_that_of_a_call_and_of_a_second():
    """Of 20 GMAC in 100 ms, 40 GFLOP in 0.1 s."""
    assert RESULT.stage_gmac == GMAC
    assert RESULT.stage_gflops == dict(zip(STAGES, (100, 800, 200, 400), strict=True))
    title, *rows = format_work([RESULT, replace(RESULT, stage_gflops={})]).splitlines()
    assert title == WORK_TITLE
    assert len({len(row) for row in rows}) == 1
    assert [row.split() for row in rows] == [
        ["engine", "precision", *STAGES],
        ["GMAC", "0.05", "9.00", "0.33", "20.02"],
        ["openvino", "fp32", "100", "800", "200", "400"],
        ["openvino", "fp32", "0", "0", "0", "0"],
    ]


def test_the_markdown_has_the_form_of_the_readmes_table():
    fast = replace(RESULT, precision="fast", fps=12.5)
    nnabla = replace(RESULT, engine="nnabla", fps=0.25, stage_ms={"encoder": 1234.5})
    avatar = replace(RESULT, model="avatar", engine="pytorch", fps=100.4)
    table = format_markdown([fast, RESULT, nnabla, avatar]).splitlines()
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    assert "\n".join(table[:2]) in readme
    assert table[2:] == [
        "| vox | openvino, fast | 1.0 | 22.5 | 3.2 | 100 | 12.5 | 50x |",
        "| vox | openvino, fp32 | 1.0 | 22.5 | 3.2 | 100 | 5.0 | 20x |",
        "| vox | nnabla | 0.00 | 1234 | 0.00 | 0.00 | 0.25 | 1x |",
        "| avatar | pytorch | 1.0 | 22.5 | 3.2 | 100 | 100 | 1x |",
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--config", "c.yaml", "--model", "avatar"], "expected either --model, or --config"),
        (["--params", "p.h5"], "expected either --model, or --config"),
        (["--config", "c.yaml"], "c.yaml: expected a YAML file, found none"),
        (["--model", "avatr"], "did you mean 'avatar'?"),
        (["--engine", "nnabla-cudnn", "--engine", "openvino"], "found nnabla-cudnn"),
        (["--engine", "nnabla-cudnn"], "found nnabla-cudnn"),
        (["--device", "tpu"], "device: expected one that is there ("),
        (["--seconds", "-1"], "Invalid value for '--seconds'"),
        (["--seconds", "inf"], "Invalid value for '--seconds'"),
        (["--seconds", "nan"], "expected a finite number, found nan"),
    ],
)
def test_what_cannot_be_measured_is_refused(fomm, monkeypatch, words, problem):
    monkeypatch.setattr(loading, "engine_specs", without_gpu)
    assert problem in fomm("bench", *words).refusal


def without_gpu():
    """The engines on a machine without a GPU."""
    absent = EngineStatus("nnabla-cudnn", False, "no CUDA device found", "")
    return tuple(
        replace(spec, status=lambda: absent) if spec.name == "nnabla-cudnn" else spec
        for spec in engine_specs()
    )


def test_nnabla_does_not_run_fast(fomm):
    refusal = fomm("bench", "--engine", "nnabla", "--precision", "fast").refusal
    assert refusal.startswith("expected ")
    assert "that can run here" in refusal or "what can run here" in refusal


def test_a_failing_measurement_is_told_in_one_line(fomm, damaged_model):
    folder = damaged_model("motion.onnx", b"no graph at all", honest=True)
    words = ("--model", folder, "--engine", "openvino", "--precision", "fp32", "--json")
    refusal = fomm("bench", *words).refusal
    assert refusal.startswith(f"openvino fp32: {folder}/motion.onnx: expected an exported ONNX")


@pytest.mark.once
@pytest.mark.skipif(os.name != "posix", reason="Windows knows no signals between programs")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_ended_session_leaves_neither_processes_nor_files(start, here, monkeypatch, name):
    monkeypatch.setenv("TMPDIR", str(here))
    process = start("bench", "--model", "avatar", "--engine", "openvino", "--seconds", "60")
    parent = psutil.Process(process.pid)
    end = time.monotonic() + 120
    while not list(here.rglob("driving.mp4")):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)
    (child,) = parent.children()
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err.endswith("fomm: interrupted\n")
    with suppress(psutil.NoSuchProcess):  # where nobody collects it, its entry stays
        assert child.status() == psutil.STATUS_ZOMBIE
    assert not list(here.iterdir())
