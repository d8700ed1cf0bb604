"""The engine for NVIDIA's, Apple's and other accelerators: the exported graphs in ONNX Runtime."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fomm_core.devices import try_devices
from fomm_core.devices.onnxruntime_providers import find_devices, import_onnxruntime, provider_of
from fomm_core.engine.base import Engine
from fomm_core.engine.graph_engine import (
    FrameStages,
    GraphEngine,
    GraphStages,
    handed_over,
    require_graphs,
)
from fomm_core.engine.onnxruntime_graphs import prepare_graph, raise_failures
from fomm_core.engine.onnxruntime_stage import OnnxRuntimeStage, open_stage
from fomm_core.engine.spec import (
    DEFAULT_DEVICE,
    EngineChoice,
    EngineSpec,
    EngineStatus,
    Precision,
    has_module,
    package_version,
)
from fomm_core.errors import EngineError
from fomm_core.model.files import ModelFiles

logger = logging.getLogger(__name__)

_PACKAGES = ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-webgpu", "onnxruntime")
"""Packages of which one brings the module; the plain one last, as others may stand beside it."""

_HALVED = frozenset({"encoder", "decoder"})
"""Stages that ``fast`` computes in float16."""


class OnnxRuntimeEngine(GraphEngine):
    """Runs the four exported graphs on one of ONNX Runtime's devices.

    Keypoints and motion stay in float32 in either precision; what is asked of a device and
    left on the CPU is in ``left_on_cpu``, as ``"GridSample of decoder"``.

    Args:
        graphs: the ONNX file of each stage, by the stage's name.
        precision: ``"fp32"``, or ``"fast"`` for encoder and decoder in float16 and recorded
            runs, on accelerators.
        threads: CPU threads to use; 0 lets ONNX Runtime choose.
        device: such as ``"cpu"`` or ``"cuda:0"``.

    Raises:
        EngineError: ONNX Runtime is not installed, or ``fast`` is asked of the CPU.
        DeviceError: (or any call) the device fails.
        ModelError: a graph is missing or damaged.
    """

    name = "onnxruntime"

    def __init__(
        self,
        graphs: Mapping[str, Path],
        precision: Precision = "fp32",
        threads: int = 0,
        device: str = DEFAULT_DEVICE,
    ) -> None:
        _require_onnxruntime()
        if precision == "fast" and device == DEFAULT_DEVICE:
            raise EngineError(
                "precision fast: expected an accelerator, found the CPU; use precision fp32"
            )
        super().__init__(_open_stages(graphs, precision, threads, device), precision, device)

    def _raise_failures(self) -> AbstractContextManager[None]:
        return raise_failures(self.device)


def _open_stages(
    graphs: Mapping[str, Path], precision: Precision, threads: int, device: str
) -> GraphStages:
    """Open each graph in the form that the device takes best."""
    prepared = {
        stage: prepare_graph(path, stage, device, precision == "fast" and stage in _HALVED)
        for stage, path in graphs.items()
    }
    left_on_cpu = tuple(
        f"{operation} of {stage}"
        for stage, (_, left) in prepared.items()
        for operation in sorted(left)
    )

    def open_(stage: str, shared: Mapping[str, Any] | None = None) -> OnnxRuntimeStage:
        # The encoder runs once a source, into new memory.
        recorded = precision == "fast" and stage != "encoder"
        with raise_failures(device):
            return open_stage(stage, prepared[stage][0], device, threads, recorded, shared)

    keypoints, encoder, motion = (open_(stage) for stage in ("keypoints", "encoder", "motion"))
    frame = FrameStages(motion, open_("decoder", handed_over(motion)))
    return GraphStages(keypoints, encoder, lambda diagnostics: frame, left_on_cpu)


def _require_onnxruntime() -> None:
    try:
        import_onnxruntime()
    except ImportError as error:
        raise EngineError(
            f"engine onnxruntime: expected the package onnxruntime, found none ({error}); "
            "install it with: pip install 'fomm-core[onnxruntime]', or [gpu] for an NVIDIA GPU"
        ) from None


def _status() -> EngineStatus:
    if not has_module("onnxruntime"):
        reason = "not installed: pip install 'fomm-core[gpu]' (NVIDIA) or 'fomm-core[onnxruntime]'"
        return EngineStatus("onnxruntime", False, reason, "")
    version = next(filter(None, map(package_version, _PACKAGES)), "unknown")
    return EngineStatus("onnxruntime", True, "", version)


def _find_devices() -> tuple[str, ...]:
    if not has_module("onnxruntime"):
        return (DEFAULT_DEVICE,)
    available = import_onnxruntime().get_available_providers()
    return (*find_devices(available), DEFAULT_DEVICE)


def _best_accelerator() -> str:
    """The first accelerator that computes as the CPU does, in less time."""
    for device in _find_devices():
        if device != DEFAULT_DEVICE and provider_of(device).automatic and _is_worth_it(device):
            return device
    return ""


def _is_worth_it(device: str) -> bool:
    """Whether a device is right and faster than the CPU; why it is not is logged."""
    for trial in try_devices("onnxruntime", device):
        if trial.usable and trial.speedup > 1:
            return True
        reason = trial.reason or f"{trial.speedup:g} times as fast as the CPU"
        logger.info("onnxruntime does not take %s: %s", device, reason)
    return False


def _taken(device: str) -> str:
    """The device that is asked for or, where none is, the one that the engine takes by itself."""
    return device or _best_accelerator() or DEFAULT_DEVICE


def _has_precision(precision: Precision, device: str) -> bool:
    return precision == "fp32" or _taken(device) != DEFAULT_DEVICE


def _start(files: ModelFiles, choice: EngineChoice) -> Engine:
    graphs = require_graphs(files).graphs
    return OnnxRuntimeEngine(graphs, choice.precision, choice.threads, _taken(choice.device))


ONNXRUNTIME = EngineSpec(
    name="onnxruntime",
    device="cpu",
    precisions=("fp32", "fast"),
    status=_status,
    start=_start,
    has_precision=_has_precision,
    devices=_find_devices,
    accelerator=_best_accelerator,
    needs_graphs=True,
)
