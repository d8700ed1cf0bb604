from __future__ import annotations

import subprocess
import sys

import pytest

import fomm_eval

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
