"""Providers of ONNX Runtime that this machine lacks: a pretended library takes their orders."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fomm_core.devices import onnxruntime_providers as providers

pytestmark = pytest.mark.once

CUDA = "CUDAExecutionProvider"


class Library:
    """ONNX Runtime, as far as opening a session goes.

    Attributes:
        opened: the providers and other settings of each session.
        preloaded: how often CUDA's libraries were loaded from wheels.
    """

    def __init__(self, started: tuple[str, ...]) -> None:
        self.opened, self.preloaded, self._started = [], 0, started

    def get_available_providers(self) -> list[str]:
        return [provider.name for provider in providers.known_providers().values()]

    def preload_dlls(self) -> None:
        self.preloaded += 1

    def InferenceSession(self, graph, options, providers, enable_fallback):
        assert enable_fallback == 0
        self.opened += providers
        return SimpleNamespace(get_providers=lambda: [*self._started, "CPUExecutionProvider"])


@pytest.fixture
def library(monkeypatch):
    """Puts a library in ONNX Runtime's place, of which these providers start."""

    def put(*started: str) -> Library:
        pretended = Library(started)
        monkeypatch.setattr(providers, "import_onnxruntime", lambda: pretended)
        return pretended

    return put


@pytest.mark.parametrize(
    ("device", "recorded", "expected"),
    [
        ("cuda:1", False, {"use_tf32": "0", "device_id": "1"}),
        ("cuda:0", True, {"use_tf32": "0", "device_id": "0", "enable_cuda_graph": "1"}),
    ],
)
def test_cuda_computes_float32_as_such(library, device, recorded, expected):
    pretended = library(CUDA)
    providers.open_session(b"", device, SimpleNamespace(), recorded)
    assert pretended.opened == [(CUDA, expected)]
    assert pretended.preloaded == 1


def test_other_providers_have_no_number(library):
    pretended = library("CoreMLExecutionProvider")
    providers.open_session(b"", "coreml", SimpleNamespace(), recorded=True)
    ((name, options),) = pretended.opened
    assert name == "CoreMLExecutionProvider"
    assert options["ModelFormat"] == "MLProgram"
    assert "device_id" not in options
    assert not pretended.preloaded


def test_direct_ml_wants_no_memory_pattern(library):
    library("DmlExecutionProvider")
    options = SimpleNamespace(enable_mem_pattern=True)
    providers.open_session(b"", "directml", options)
    assert not options.enable_mem_pattern


def test_a_provider_that_does_not_start_is_no_quiet_cpu(library):
    library()
    with pytest.raises(RuntimeError, match=f"cannot start its {CUDA}"):
        providers.open_session(b"", "cuda:0", SimpleNamespace())


def test_tensorrt_is_the_last_choice_and_keeps_its_engines(monkeypatch):
    *_, (name, provider) = providers.known_providers().items()
    assert name == "tensorrt"
    assert provider.options["trt_engine_cache_enable"] == "1"


def test_without_a_driver_there_are_no_gpus(monkeypatch):
    def absent(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(providers.ctypes, "CDLL", absent)
    assert providers.count_cuda_devices() == 0


@pytest.mark.parametrize(("status", "count"), [(0, 2), (100, 0)])
def test_the_driver_counts_the_gpus(monkeypatch, status, count):
    def count_devices(pointer) -> int:
        pointer._obj.value = 2
        return 0

    driver = SimpleNamespace(cuInit=lambda flags: status, cuDeviceGetCount=count_devices)
    monkeypatch.setattr(providers.ctypes, "CDLL", lambda name: driver)
    assert providers.count_cuda_devices() == count
