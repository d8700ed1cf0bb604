"""Providers of ONNX Runtime: what it computes on, by the names that ``--device`` takes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fomm_core.utils.cache import cache_folder

CPU_PROVIDER = "CPUExecutionProvider"
_FATAL = 4


@dataclass(frozen=True)
class Provider:
    """A provider of ONNX Runtime, with the options that keep it exact.

    Attributes:
        name: ONNX Runtime's name of it.
        options: its own options, but for the device's number.
        memory: where its tensors stay between calls: ``"cuda"``, or ``"cpu"``.
        numbered: whether there may be several devices: ``cuda:0``, ``cuda:1``.
        graph_options: further options with which whole runs are recorded and repeated (CUDA
            graphs); empty where it has no such thing.
        count: finds how many devices there are.
        automatic: whether it may be taken unasked.
    """

    name: str
    options: dict[str, str] = field(default_factory=dict)
    memory: str = "cpu"
    numbered: bool = False
    graph_options: dict[str, str] = field(default_factory=dict)
    count: Callable[[], int] = lambda: 1
    automatic: bool = True


def count_cuda_devices() -> int:
    """Ask NVIDIA's driver; 0 where there is none."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    number = ctypes.c_int(0)
    with suppress(OSError, AttributeError):
        driver = ctypes.CDLL(library)
        if driver.cuInit(0) == 0:
            driver.cuDeviceGetCount(ctypes.byref(number))
    return number.value


def _tensorrt_options() -> dict[str, str]:
    """Engines take minutes to build, and are kept."""
    folder = str(cache_folder() / "tensorrt")
    return {"trt_engine_cache_enable": "1", "trt_engine_cache_path": folder}


@cache
def known_providers() -> dict[str, Provider]:
    """The accelerators by the names of ``--device``, the first choice first."""
    return {
        "cuda": Provider(
            "CUDAExecutionProvider",
            {"use_tf32": "0"},  # float32 is asked for, TF32 has ten bits
            memory="cuda",
            numbered=True,
            graph_options={"enable_cuda_graph": "1"},
            count=count_cuda_devices,
        ),
        "coreml": Provider(
            "CoreMLExecutionProvider", {"ModelFormat": "MLProgram", "RequireStaticInputShapes": "1"}
        ),
        "directml": Provider("DmlExecutionProvider"),
        "webgpu": Provider("WebGpuExecutionProvider"),
        # What it builds at the first start takes minutes.
        "tensorrt": Provider(
            "TensorrtExecutionProvider",
            _tensorrt_options(),
            memory="cuda",
            numbered=True,
            count=count_cuda_devices,
            automatic=False,
        ),
    }


def provider_of(device: str) -> Provider:
    """The provider of a device such as ``"cuda:0"``, and the CPU's of ``"cpu"``."""
    return known_providers().get(device.partition(":")[0], Provider(CPU_PROVIDER))


def find_devices(available: list[str]) -> tuple[str, ...]:
    """The accelerators there may be, untried.

    Args:
        available: the providers that the installed ONNX Runtime was built with.
    """
    return tuple(
        f"{name}:{number}" if provider.numbered else name
        for name, provider in known_providers().items()
        if provider.name in available
        for number in range(provider.count())
    )


def import_onnxruntime() -> Any:
    """Import ONNX Runtime, which then tells nobody of it.

    Raises:
        ImportError: it is not installed, or broken.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_FATAL)  # it has exceptions, which say the same
    return onnxruntime


def open_session(graph: bytes, device: str, options: Any, recorded: bool = False) -> Any:
    """Open a session of a graph on a device; what it cannot run is left to the CPU.

    Args:
        graph: an ONNX model.
        device: a device's name.
        options: ONNX Runtime's ``SessionOptions``.
        recorded: record a run once and repeat it, where the provider can.

    Raises:
        RuntimeError: the provider cannot start, or refuses the graph.
    """
    onnxruntime, provider = import_onnxruntime(), provider_of(device)
    if provider.name not in onnxruntime.get_available_providers():
        raise RuntimeError(f"this ONNX Runtime was built without {provider.name}")
    if provider.memory == "cuda":
        onnxruntime.preload_dlls()  # those that wheels bring
    if provider.name == "DmlExecutionProvider":
        options.enable_mem_pattern = False
    number = {"device_id": device.partition(":")[2]} if provider.numbered else {}
    settings = {**provider.options, **number, **(provider.graph_options if recorded else {})}
    session = onnxruntime.InferenceSession(
        graph, options, providers=[(provider.name, settings)], enable_fallback=0
    )
    if session.get_providers()[0] != provider.name:
        raise RuntimeError(f"ONNX Runtime cannot start its {provider.name}")
    return session
