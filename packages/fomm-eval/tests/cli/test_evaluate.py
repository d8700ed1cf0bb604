"""``fomm evaluate``: from folders to figures."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from fomm_core.benchmark_format import open_benchmark
from fomm_core.benchmark_format.settings import write_settings
from fomm_eval.metrics import l1_distance
from fomm_eval.samples import HEADS


@pytest.fixture
def sides(here, put, frames):
    """Real and generated clips of two names, 64x64."""
    for number, name in enumerate(["a", "b"]):
        put.folder(here / "real" / name, frames(3, number))
        put.folder(here / "made" / name, frames(3, number + 5))
    return ("--real", "real", "--generated", "made", "--landmarks", "none", "--identity", "none")


def test_figures_are_printed_and_written(fomm, sides, here, frames):
    done = fomm("evaluate", *sides)
    assert done.code == 0, done.err
    folder = here / "result" / "evaluation"
    assert sorted(path.name for path in folder.iterdir()) == [
        "evaluation.csv",
        "evaluation.json",
        "frames.csv",
        "report.html",
    ]
    pairs = [zip(frames(3, n), frames(3, n + 5), strict=True) for n in range(2)]
    expected = np.mean([l1_distance(*pair) for clip in pairs for pair in clip])
    found = json.loads((folder / "evaluation.json").read_text())
    assert found["overall"]["L1"]["mean"] == pytest.approx(expected)
    assert found["landmarks"] is None
    assert f"L1          {expected:.4f}" in done.out
    assert done.out.startswith("clip ")
    assert "report.html" in done.err
    lines = list(csv.DictReader((folder / "frames.csv").open()))
    assert [(line["clip"], line["frame"]) for line in lines][2:4] == [("a", "2"), ("b", "0")]


def test_a_reconstruction_is_evaluated_end_to_end(fomm, data, here):
    words = ("-q", "reconstruct", "--model", "avatar", "--data", data, "--eval")
    printed = fomm(*words).out
    made = here / "result" / "avatar" / "reconstruction" / "png"
    done = fomm("-q", "evaluate", "--real", data, "--generated", made)
    assert done.code == 0, done.err
    found = json.loads((here / "result" / "evaluation" / "evaluation.json").read_text())
    assert f"mean L1: {found['overall']['L1']['mean']:.6f} " in printed


def test_sheets_are_no_generated_frames(fomm, data, here):
    fomm("-q", "reconstruct", "--model", "avatar", "--data", data)
    made = here / "result" / "avatar" / "reconstruction"
    words = ("evaluate", "--real", data / "test", "--generated", made)
    assert "use --eval or --only-generated" in fomm(*words).refusal


def test_files_of_landmarks_and_embeddings(fomm, sides, here):
    marks = {name: np.zeros((3, 5, 2)) for name in "ab"}
    np.savez(here / "real.npz", **marks)
    np.savez(here / "made.npz", **{name: array + 1 for name, array in marks.items()})
    (here / "real.csv").write_text("clip,frame,e0,e1\na,0,1,0\na,1,1,0\nb,2,1,0\n")
    (here / "made.csv").write_text("clip,frame,e0,e1\na,0,1,3\nb,0,1,1\n")
    done = fomm(
        "evaluate", *sides[:4], "--real-landmarks", "real.npz", "--generated-landmarks",
        "made.npz", "--real-embeddings", "real.csv", "--generated-embeddings", "made.csv",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "landmarks: files: real.npz and made.npz" in done.out
    found = json.loads((here / "result" / "evaluation" / "evaluation.json").read_text())
    assert found["overall"]["AKD"]["mean"] == pytest.approx(256 / 64)
    assert found["overall"]["AED"] == {"mean": 9.0, "std": 0, "low": 9, "high": 9, "count": 1}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "expected --real and --generated (or --avatars or --heads), found not both"),
        (("--real", "real"), "found not both"),
        (("--real", "real", "--generated", "nowhere"), "nowhere: expected a video or a folder"),
        (("--real", "real", "--generated", "empty"), "empty: expected a folder of pictures"),
        (("--avatars", "x", "--real", "real"), "expected either --avatars"),
        (("--heads", "x", "--generated", "made"), "expected either --heads"),
        (("--heads", "--avatars", "x"), "expected either --avatars or --heads, found both"),
        (("--avatars", "nowhere"), "settings of a benchmark with true answers"),
        (("--heads", "nowhere"), "settings of a benchmark with true answers"),
        (
            ("--real", "real", "--generated", "made", "--real-landmarks", "x.npz"),
            "--real-landmarks and --generated-landmarks together",
        ),
        (
            ("--real", "real", "--generated", "made", "--landmarks", "files"),
            "found none named",
        ),
    ],
)
def test_bad_words_are_refused(fomm, sides, here, words, reason):
    (here / "empty").mkdir()
    assert reason in fomm("evaluate", *words).refusal
    assert not (here / "result").exists()


@pytest.fixture
def heads(here):
    """A benchmark of two of the rendered people that come with the package, 3 frames each."""
    benchmark = open_benchmark(HEADS)
    folder = here / "heads"
    for case in benchmark.cases[:2]:
        for kind, files in (
            ("driving", case.driving),
            ("target", case.target),
            ("labels", case.labels),
        ):
            (folder / case.name / kind).mkdir(parents=True)
            for path in files[:3]:
                shutil.copy(path, folder / case.name / kind)
        shutil.copy(case.source, folder / case.name)
        truth = case.read_ground_truth()
        np.savez(folder / case.name / "truth.npz", value=truth.value[:3])
    settings = replace(benchmark.settings, count=2, driven_by=())
    write_settings(folder, settings)
    return folder


def test_a_model_is_measured_on_rendered_people(fomm, here, heads):
    done = fomm("evaluate", "--heads", heads, "--model", "avatar")
    assert done.code == 0, done.err
    assert "2 cases, 4 frames, seed 900, relative motion" in done.out
    folder = here / "result" / "evaluation"
    assert sorted(path.name for path in folder.iterdir()) == [
        "heads.csv",
        "heads.html",
        "heads.json",
    ]
    found = json.loads((folder / "heads.json").read_text())["answers"]
    assert 0.3 < found["avatar"]["eyes error"]["mean"] < 1.2
    assert found["copy source"]["mouth error"]["mean"] == 1
    assert found["copy driving"]["figure error"]["mean"] > 1
    assert found["avatar"]["keypoint error"] is None, "it has other keypoints than these heads"


def test_unequal_sides_are_refused_and_nothing_is_written(fomm, sides, here, put, frames):
    put.folder(here / "made" / "b", frames(2))
    assert "b: expected as many frames" in fomm("evaluate", *sides).refusal
    put.folder(here / "made" / "c", frames(2))
    assert "real has no c" in fomm("evaluate", *sides).refusal
    assert not (here / "result").exists()


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX alone")
def test_names_that_are_no_utf8(fomm, here, put, frames):
    name = os.fsdecode(b"caf\xe9")
    for number, side in enumerate(("real", "made")):
        put.folder(here / side / name, frames(3, number))
    words = ("--real", "real", "--generated", "made", "--landmarks", "none", "--identity", "none")
    done = fomm("evaluate", *words)
    assert done.code == 0, done.err
    assert "caf\\xe9" in done.out
    folder = here / "result" / "evaluation"
    found = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert list(found["clips"]) == ["caf\\xe9"]
    for file in ("evaluation.csv", "frames.csv", "report.html"):
        assert "caf\\xe9" in (folder / file).read_text(encoding="utf-8")


def test_clips_in_sub_folders_are_paired_with_their_results(fomm, here, put, frames):
    for number in range(2):
        put.folder(here / "real" / "test" / "id1" / f"v{number}" / "00001", frames(3, number))
        put.folder(here / "made" / f"id1#v{number}#00001", frames(3, number))
    words = ("--real", "real", "--generated", "made", "--landmarks", "none", "--identity", "none")
    done = fomm("evaluate", *words)
    assert done.code == 0, done.err
    assert "id1#v1#00001" in done.out
