"""What ``fomm_core`` offers, and that importing it costs next to nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import fomm_core
from public_api import describe_package

PUBLIC = {
    "SAMPLE_CLIPS",
    "SAMPLE_PICTURES",
    "AnimatedFrame",
    "AnimationOptions",
    "AnimationResult",
    "Animator",
    "BrokenMediaError",
    "CameraError",
    "Config",
    "ConfigError",
    "Crop",
    "DeviceError",
    "Diagnostics",
    "DistributedError",
    "DownloadError",
    "Engine",
    "EngineError",
    "EngineChoice",
    "EngineSpec",
    "EngineStatus",
    "ExportError",
    "FaceError",
    "FakeEngine",
    "FommError",
    "Keypoints",
    "MediaError",
    "Model",
    "ModelError",
    "ModelInfo",
    "MotionError",
    "MotionMode",
    "MotionTemplate",
    "MotionTransfer",
    "OneEuroFilter",
    "OutputError",
    "ParameterError",
    "Progress",
    "Rendering",
    "SourceFeatures",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "__version__",
    "animate_file",
    "available_engines",
    "available_models",
    "load_config",
    "load_model",
    "probe",
    "read_image",
    "write_image",
}

VALUES = {"MotionMode", "SAMPLE_CLIPS", "SAMPLE_PICTURES", "__version__"}
"""Those that are no classes or functions."""

HEAVY = ("nnabla", "openvino", "av", "scipy", "matplotlib", "onnx", "torch", "PIL", "h5py")


def test_the_public_names():
    assert set(fomm_core.__all__) == PUBLIC
    assert len(fomm_core.__all__) == len(PUBLIC)
    assert dir(fomm_core) == sorted(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC - VALUES))
def test_each_is_what_its_name_says(name):
    value = getattr(fomm_core, name)
    assert value.__name__ == name
    assert value.__module__.startswith("fomm_core.")


def test_those_that_are_no_classes_or_functions():
    assert get_args(fomm_core.MotionMode) == ("relative", "relative-values", "absolute")
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", fomm_core.__version__)
    assert all(path.is_file() for path in fomm_core.SAMPLE_PICTURES.values())
    assert all(path.is_file() for path in fomm_core.SAMPLE_CLIPS.values())


def test_others_are_not():
    with pytest.raises(AttributeError, match="module 'fomm_core' has no attribute 'producer'"):
        fomm_core.producer  # noqa: B018 - the access is what is tested


def loaded_by(statement: str) -> set[str]:
    """The heavy libraries that a fresh Python loads with a statement."""
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()} & set(HEAVY)


def test_importing_it_loads_nothing_heavy():
    assert loaded_by("import fomm_core") == set()


@pytest.mark.parametrize(
    "module",
    [
        "config",
        "loading",
        "engine.base",
        "engine.fake",
        "engine.registry",
        "model.bundle",
        "animator",
        "pipeline.options",
        "pipeline.views",
    ],
)
def test_nor_do_the_modules_around_engines(module):
    assert loaded_by(f"import fomm_core.{module}") == set()


def test_nor_does_the_look_at_all_engines():
    code = "from fomm_core.engine.registry import engine_specs; assert len(engine_specs()) > 2"
    assert loaded_by(code) == set()


def test_a_loaded_model_hides_no_module_from_others():
    code = (
        "import sys, fomm_core; fomm_core.load_model(engine='openvino').close(); "
        "print([name for name, module in sys.modules.items() if module is None])"
    )
    quiet = {**os.environ, "CI": "true"}  # openvino reports no import from there
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=quiet
    )
    assert done.stdout == "[]\n"


@pytest.mark.once
def test_names_and_parameters_are_those_that_are_written_down():
    written = Path(__file__).with_name("public_api.txt").read_text(encoding="utf-8")
    assert describe_package("fomm_core") == written, "run: uv run python tools/public_api.py"
