"""A CUDA extension of NNabla that is not there, and behaves as a test wants."""

from __future__ import annotations

import pytest

from fomm_core.devices import trial
from fomm_core.devices.trial import try_devices


@pytest.fixture
def fake_cudnn(tmp_path, monkeypatch):
    """Installs an extension that sees so many GPUs, with the body of its ``context``."""
    try_devices.cache_clear()

    def install(body: str, devices: str = "1") -> None:
        for name in ("cuda", "cudnn"):
            (tmp_path / "nnabla_ext" / name).mkdir(parents=True)
        source = f"def get_device_count():\n    return {devices}\n"
        (tmp_path / "nnabla_ext" / "cuda" / "init.py").write_text(source)
        source = f"def context(device_id):\n    {body}\n"
        (tmp_path / "nnabla_ext" / "cudnn" / "__init__.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))

    yield install
    try_devices.cache_clear()


@pytest.fixture
def impatient(monkeypatch):
    """Gives trials up after some seconds."""
    monkeypatch.setattr(trial, "LIMIT_S", 4.0)
