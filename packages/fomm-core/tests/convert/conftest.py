"""Checkpoints to convert, and the interpreter that has NNabla."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fomm_core.config import Config, load_config

SHARED = Path(__file__).resolve().parents[5] / "shared"


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the folder shared with the golden numbers is not beside the repository")
    return path


@pytest.fixture
def mini() -> Path:
    """The folder with the golden numbers of the 64x64 model."""
    return shared("golden/mini")


@pytest.fixture
def config(mini) -> Config:
    return load_config(mini / "config.yaml")


@pytest.fixture
def interim() -> Path:
    """The folder with the interim model."""
    return shared("models/avatar-128-interim")


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
