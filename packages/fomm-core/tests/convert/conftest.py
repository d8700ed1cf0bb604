"""Checkpoints to convert, and the interpreter that has NNabla."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fomm_core.config import Config, load_config

INTERIM = Path(__file__).resolve().parents[5] / "shared" / "models" / "face-256-interim"


@pytest.fixture
def config(mini) -> Config:
    return load_config(mini / "config.yaml")


@pytest.fixture
def interim() -> Path:
    """The folder with the interim model."""
    if not INTERIM.is_dir():
        pytest.skip(f"no checkpoint of a trained model at {INTERIM}")
    return INTERIM


@pytest.fixture
def checkpoint(mini):
    """A golden checkpoint as PyTorch itself loads it; free to be changed."""
    torch = pytest.importorskip("torch")
    return torch.load(mini / "torch_checkpoint_zip.pth.tar", weights_only=True)


@pytest.fixture
def nnabla_python() -> str:
    """A Python with NNabla: it and PyTorch need not fit into one."""
    python = os.environ.get("FOMM_NNABLA_PYTHON")
    if not python:
        pytest.skip("FOMM_NNABLA_PYTHON does not name a Python with NNabla")
    return python
