"""NNabla's extensions, and what is said where one is absent."""

from __future__ import annotations

import pytest

from fomm_core.engine.nnabla import CUDNN, extension_context
from fomm_core.errors import EngineError

pytestmark = pytest.mark.usefixtures("nnabla")


def test_the_extension_for_the_cpu():
    assert "cpu" in str(extension_context("cpu").backend)


def test_an_absent_extension_says_how_to_install_it():
    if CUDNN.status().version:
        pytest.skip("the CUDA extension is installed")
    with pytest.raises(EngineError, match=r"expected NNabla with its cudnn extension, .*cuda"):
        extension_context("cudnn")


def test_an_extension_that_cannot_start_is_one_line(monkeypatch):
    def broken(name: str, device_id: str) -> None:
        raise RuntimeError("target_specific error in init\nNo CUDA device")

    monkeypatch.setattr("nnabla.ext_utils.get_extension_context", broken)
    with pytest.raises(EngineError, match=r"cannot start: target_specific .* No CUDA device$"):
        extension_context("cudnn")
