"""The fast engine: the exported graphs, compiled by OpenVINO for the CPU, Intel GPU or NPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fomm_core.engine.base import Engine
from fomm_core.engine.graph_engine import GraphEngine, require_graphs
from fomm_core.engine.openvino_models import start_core
from fomm_core.engine.openvino_stages import compile_stages
from fomm_core.engine.openvino_targets import computes_halves
from fomm_core.engine.spec import (
    DEFAULT_DEVICE,
    EngineChoice,
    EngineSpec,
    EngineStatus,
    Precision,
    has_module,
    package_version,
)
from fomm_core.errors import EngineError, ModelError
from fomm_core.model.files import ModelFiles


class OpenVINOEngine(GraphEngine):
    """Runs the four exported graphs in OpenVINO.

    The precision is always set: left alone, OpenVINO takes bfloat16 on CPUs that have it,
    which moves keypoints visibly. With ``fast``, convolutions alone are computed in half
    precision (:func:`~.openvino_targets.choose_target`); what makes coordinates stays in float32.

    Motion and decoder run as one model, unless a device other than the CPU computes one of them.
    The inner maps are computed only for frames of which they are asked for, by a second model.
    Each of the two is compiled for the first frame that needs it, and kept.

    Args:
        graphs: the ONNX file of each stage, by the stage's name.
        precision: ``"fp32"``, ``"int8"`` where the decoder's graph is in INT8, or ``"fast"`` for
            convolutions in half precision.
        threads: CPU threads to use; 0 lets OpenVINO choose.
        device: what computes the stages, by OpenVINO's name in small letters: ``"cpu"``,
            ``"gpu"``, ``"npu"``. A stage that it cannot run, or not at this precision, is left on
            the CPU.

    Raises:
        EngineError: OpenVINO is not installed, or the CPU has no bfloat16 for ``fast``.
        ModelError: a graph is missing or damaged, or motion and decoder do not fit each other.
        DeviceError: (any call) the device fails.
    """

    name = "openvino"

    def __init__(
        self,
        graphs: Mapping[str, Path],
        precision: Precision = "fp32",
        threads: int = 0,
        device: str = DEFAULT_DEVICE,
    ) -> None:
        core = start_core(threads)
        if precision == "fast" and device == DEFAULT_DEVICE and not has_bfloat16(core):
            raise EngineError(
                "precision fast: expected a CPU with bfloat16 instructions (AVX512-BF16 or AMX), "
                "found none; use precision fp32"
            )
        stages = compile_stages(core, graphs, device, precision)
        super().__init__(stages, precision, device)


def has_bfloat16(core: Any = None) -> bool:
    """Whether OpenVINO finds bfloat16 instructions in this CPU."""
    core = core or start_core(0)
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _status() -> EngineStatus:
    if not has_module("openvino"):
        return EngineStatus("openvino", False, "not installed: pip install openvino", "")
    return EngineStatus("openvino", True, "", package_version("openvino"))


def _has_precision(precision: Precision, device: str) -> bool:
    on_cpu = device in ("", DEFAULT_DEVICE)
    if precision != "fast":
        return precision == "fp32" or on_cpu
    return has_bfloat16() if on_cpu else computes_halves(start_core(0), device)


def _find_devices() -> tuple[str, ...]:
    return tuple(name.lower() for name in start_core(0).available_devices)


def _start(files: ModelFiles, choice: EngineChoice) -> Engine:
    bundle, device = require_graphs(files), choice.device or DEFAULT_DEVICE
    graphs = bundle.int8_graphs if choice.precision == "int8" else bundle.graphs
    if graphs is None:
        raise ModelError(_obstacle(files, choice.precision))
    return OpenVINOEngine(graphs, choice.precision, choice.threads, device)


def _obstacle(files: ModelFiles, precision: Precision) -> str:
    if precision != "int8" or (files.bundle is not None and files.bundle.int8_graphs):
        return ""
    return f"{files.name}: expected an INT8 decoder, found none; make one with fomm quantize"


OPENVINO = EngineSpec(
    name="openvino",
    device="cpu",
    precisions=("fp32", "int8", "fast"),
    status=_status,
    start=_start,
    obstacle=_obstacle,
    has_precision=_has_precision,
    devices=_find_devices,
    needs_graphs=True,
)
