from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fomm_eval
from public_api import describe_package

PUBLIC = [
    "AED",
    "AKD",
    "Evaluation",
    "EvaluationError",
    "Extractor",
    "ExtractorError",
    "Extractors",
    "FrameView",
    "L1",
    "MKR",
    "Observation",
    "PSNR",
    "SSIM",
    "__version__",
    "choose_extractors",
    "evaluate",
    "measure",
    "open_benchmark",
    "pair_clips",
    "reconstruct_all",
    "reconstruct_video",
]


def test_the_public_names_are_these():
    assert sorted(fomm_eval.__all__) == PUBLIC
    assert dir(fomm_eval) == PUBLIC
    assert all(getattr(fomm_eval, name) is not None for name in PUBLIC)


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = fomm_eval.nonsense


def test_importing_the_package_or_its_commands_loads_nothing_heavy():
    code = (
        "import sys, fomm_eval, fomm_eval.cli.evaluate, fomm_eval.cli.reconstruct;"
        "print(*sorted({'av', 'dlib', 'matplotlib', 'openvino', 'skimage', 'scipy', 'torch'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.once
def test_names_and_parameters_are_those_that_are_written_down():
    written = Path(__file__).with_name("public_api.txt").read_text(encoding="utf-8")
    assert describe_package("fomm_eval") == written, "run: uv run python tools/public_api.py"
