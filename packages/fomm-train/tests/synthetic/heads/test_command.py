from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fomm_core.benchmark_format import open_benchmark, read_labels
from fomm_core.dataset import clip_name, find_videos
from fomm_core.errors import ModelError
from fomm_core.image import read_image
from fomm_core.motion.ground_truth import read_true_keypoints
from fomm_train.cli.heads import command
from fomm_train.synthetic.heads.ground_truth import KEYPOINT_NAMES
from fomm_train.synthetic.heads.labels import LABEL_NAMES

SMALL = ("--identities", "2", "--motions", "1", "--frames", "3", "--size", "32", "--group", "2")


def run(*words: str):
    return CliRunner().invoke(command, list(words))


@pytest.mark.once
def test_a_data_set_has_the_layout_of_the_reference(tmp_path: Path, assets_file, egl):
    words = ("--out", str(tmp_path), "--assets", str(assets_file), *SMALL, "--test-share", "0")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "2 clips (2 new) of 2 heads, 3 frames each" in result.output
    videos = find_videos(tmp_path, "train")
    assert [clip_name(video) for video in videos] == ["00000#000", "00001#000"]
    truth = read_true_keypoints(tmp_path / "truth" / "train" / "00000#000.npz")
    assert truth.names == KEYPOINT_NAMES
    assert truth.value.shape == (3, 20, 2)
    with np.load(tmp_path / "truth" / "train" / "00000#000.npz") as arrays:
        assert arrays["labels"].shape == (3, 32, 32)
        assert tuple(arrays["label_names"]) == LABEL_NAMES
    assert "(0 new)" in run(*words).output


@pytest.mark.once
def test_a_benchmark_can_be_opened(tmp_path: Path, assets_file, egl, monkeypatch):
    monkeypatch.setattr("fomm_train.synthetic.benchmark._FRAMES", 5)
    out = tmp_path / "benchmark"
    result = run(
        "--out", str(out), "--benchmark", "1", "--size", "32", "--assets", str(assets_file)
    )
    assert result.exit_code == 0, result.output
    benchmark = open_benchmark(out)
    assert benchmark.settings.label_names == LABEL_NAMES
    case = benchmark.cases[0]
    assert len(case.labels) == len(case.target) == 5
    assert read_labels(case.labels[3], 32).max() < len(LABEL_NAMES)


@pytest.mark.once
def test_a_sheet_shows_people_in_poses(tmp_path: Path, assets_file, egl, monkeypatch):
    monkeypatch.setattr("fomm_train.cli.synthetic._SHEET_ROWS", 2)
    monkeypatch.setattr("fomm_train.cli.synthetic._SHEET_COLUMNS", 3)
    path = tmp_path / "sheet.png"
    result = run("--sheet", str(path), "--size", "32", "--assets", str(assets_file))
    assert result.exit_code == 0, result.output
    assert read_image(path).shape == (2 * 32, 3 * 32, 3)


def test_without_assets_one_line_says_what_to_do(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(os.environ, "FOMM_CACHE", str(tmp_path / "cache"))
    result = run("--out", str(tmp_path / "out"), *SMALL)
    assert isinstance(result.exception, ModelError)
    assert "build them with fomm heads --build FACEKIT" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "expected --out, --sheet or --build, found none of them"),
        (("--out", "x", "--swapped"), "--swapped: expected with --benchmark"),
        (("--out", "x", "--makehuman", "."), "--makehuman: expected with --build"),
        (("--out", "x", "--sheet", "y.png"), "expected either --sheet or --out, found both"),
        (("--sheet", "x.txt"), "--sheet: expected a file .png, found x.txt"),
        (("--build", ".", "--out", "x"), "--build: expected neither --out nor --sheet"),
    ],
)
def test_options_that_do_not_go_together_are_refused(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.output
