"""The choice of a device by its trial, and ranks that must choose alike."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from fomm_core.devices import DeviceTrial
from fomm_core.distributed import SingleProcess
from fomm_core.errors import DistributedError, EngineError
from fomm_train.backend.precision import SINGLE_PRECISION
from fomm_train.backend.torch import precision as module
from fomm_train.backend.torch.backend import TorchBackend
from fomm_train.backend.torch.precision import choose_context


@pytest.fixture
def gpus(monkeypatch):
    """Pretends that there are two GPUs, and how their trials end; the names that were tried."""
    tried = []

    def pretend(reason):
        def try_devices(library, device):
            tried.append(device)
            return (DeviceTrial(library, device, "GPU", not reason, reason),)

        monkeypatch.setattr(module, "try_devices", try_devices)
        monkeypatch.setattr(module.torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(module.torch.cuda, "device_count", lambda: 2)
        return tried

    return pretend


def test_a_gpu_that_passes_its_trial_is_taken(gpus, monkeypatch, caplog):
    tried = gpus("")
    assert [choose_context(name) for name in ("auto", "cudnn", "cpu")] == ["cudnn", "cudnn", "cpu"]
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert choose_context("auto") == "cudnn"
    assert choose_context("mps") == "mps"
    assert tried == ["cuda:0", "cuda:0", "cuda:1", "mps"]
    assert caplog.text == ""


def test_a_gpu_that_fails_its_trial_is_told_and_not_taken(gpus, caplog):
    gpus("convolution differs")
    assert choose_context("auto") == "cpu"
    assert "training on the CPU; PyTorch fails on cuda:0: convolution differs" in caplog.text
    with pytest.raises(EngineError, match=r"^--context cudnn: .* cuda:0 \(convolution differs\);"):
        choose_context("cudnn")


def test_without_a_gpu_nothing_is_tried(monkeypatch):
    monkeypatch.setattr(module.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(module, "try_devices", None)
    assert choose_context("auto") == "cpu"


class Ranks(SingleProcess):
    """Two ranks, of which the other one has a context of its own."""

    size = 2

    def __init__(self, other):
        self.other = other

    def gather(self, value):
        return [value, self.other]


@pytest.mark.parametrize(
    ("other", "own", "told"),
    [
        ("cudnn", "cpu", "expected the same device on all, found cpu and cudnn"),
        ("mps", "mps", "--context mps: expected one process"),
    ],
)
def test_ranks_on_different_devices_are_refused(other, own, told):
    with pytest.raises(DistributedError, match=told):
        TorchBackend().make_precision(own, Ranks(other), SINGLE_PRECISION)
