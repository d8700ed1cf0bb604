from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fomm_train
from public_api import describe_package

PUBLIC = [
    "CheckpointPolicy",
    "DivergenceError",
    "TrainConfig",
    "TrainOptions",
    "TrainResult",
    "TrainingError",
    "__version__",
    "load_train_config",
    "resume",
    "train",
]


def loaded_by(statement: str) -> list[str]:
    """The heavy libraries that a fresh Python loads with a statement."""
    code = (
        f"import sys; {statement};"
        "print(*sorted({'PIL', 'av', 'h5py', 'matplotlib', 'nnabla', 'onnx', 'openvino', 'scipy', "
        "'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_public_names_are_these():
    assert sorted(fomm_train.__all__) == PUBLIC
    assert dir(fomm_train) == PUBLIC


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_each_is_what_its_name_says(name):
    value = getattr(fomm_train, name)
    assert value.__name__ == name
    assert value.__module__.startswith("fomm_train.")


def test_other_names_are_no_attributes():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = fomm_train.nonsense


@pytest.mark.parametrize(
    "statement",
    [
        "import fomm_train",
        "from fomm_train import TrainConfig, TrainingError, load_train_config",
        "import fomm_train.cli.train, fomm_train.configs",
    ],
)
def test_what_needs_no_network_loads_nothing_heavy(statement):
    assert loaded_by(statement) == []


def test_only_training_itself_loads_a_backend():
    loaded = loaded_by("import fomm_train.cli.train, fomm_train.run.train")
    assert "nnabla" not in loaded
    assert "torch" not in loaded


@pytest.mark.parametrize("name", ["train", "resume"])
def test_without_a_backend_training_says_what_to_do(name, monkeypatch, tmp_path):
    monkeypatch.setattr("fomm_train.backend.registry.find_spec", lambda name: None)
    with pytest.raises(fomm_train.TrainingError, match="expected NNabla or PyTorch, found"):
        getattr(fomm_train, name)(tmp_path)


@pytest.mark.once
def test_names_and_parameters_are_those_that_are_written_down():
    written = Path(__file__).with_name("public_api.txt").read_text(encoding="utf-8")
    assert describe_package("fomm_train") == written, "run: uv run python tools/public_api.py"
