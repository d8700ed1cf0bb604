"""The fast engine: the exported graphs, compiled by OpenVINO for the CPU, Intel GPU or NPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.engine.base import Diagnostics, Engine, Rendering, SourceFeatures
from fomm_core.engine.openvino_models import start_core
from fomm_core.engine.openvino_stages import CompiledStages
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
from fomm_core.motion.keypoints import FloatArray, Keypoints


@dataclass(frozen=True, eq=False)
class _EncodedTensors:
    """One source's encoder outputs, in memory of their own."""

    source: Any
    features: Any
    small: Any


class OpenVINOEngine(Engine):
    """Runs the four exported graphs; NNabla is not needed.

    The precision is always set: left alone, OpenVINO takes bfloat16 on CPUs that have it,
    which moves keypoints visibly. With ``fast``, convolutions alone are computed in bfloat16
    (:mod:`fomm_core.graphs.narrow`); what makes coordinates stays in float32. Motion and decoder
    run as one model, unless a device other than the CPU computes one of them; their files are
    read again where the inner maps are first asked for, which only then are computed.

    Args:
        graphs: the ONNX file of each stage, by the stage's name.
        precision: ``"fp32"``, ``"int8"`` where the decoder's graph is in INT8, or ``"fast"`` for
            convolutions in bfloat16.
        threads: CPU threads to use; 0 lets OpenVINO choose.
        device: what computes the stages, by OpenVINO's name in small letters: ``"cpu"``,
            ``"gpu"``, ``"npu"``. A stage that it cannot run, or not at this precision, is left on
            the CPU.

    Raises:
        EngineError: OpenVINO is not installed, or the CPU has no bfloat16 for ``fast``.
        ModelError: a graph is missing or damaged.
    """

    name = "openvino"

    def __init__(
        self,
        graphs: Mapping[str, Path],
        precision: Precision = "fp32",
        threads: int = 0,
        device: str = DEFAULT_DEVICE,
    ) -> None:
        super().__init__()
        self.precision, self.device = precision, device
        core = start_core(threads)
        bfloat16 = precision == "fast" and device == DEFAULT_DEVICE
        if bfloat16 and not has_bfloat16(core):
            raise EngineError(
                "precision fast: expected a CPU with bfloat16 instructions (AVX512-BF16 or AMX), "
                "found none; use precision fp32"
            )
        self._stages = CompiledStages(core, graphs, device, precision, bfloat16, self.timer)
        self.left_on_cpu = self._stages.left_on_cpu
        self._bound: _EncodedTensors | None = None
        _, _, height, width = self._stages.requests["keypoints"].get_tensor("image").shape
        self.frame_size = (height, width)

    def detect(self, image: FloatArray) -> Keypoints:
        self._check(image)
        request = self._stages.requests["keypoints"]
        tensor = _tensor(image[None])  # has to live until the inference is over
        request.set_tensor("image", tensor)
        self._stages.infer("keypoints")
        jacobian = _copy(request, "jacobian") if self._stages.has_jacobian else None
        return Keypoints(_copy(request, "value"), jacobian)

    def encode(self, image: FloatArray) -> SourceFeatures:
        self._check(image)
        request = self._stages.requests["encoder"]
        image = image.copy()
        source = _tensor(image[None])
        request.set_tensor("source", source)
        self._stages.infer("encoder")
        features, small = (
            _tensor(request.get_tensor(name).data.copy()) for name in ("features", "small")
        )
        return SourceFeatures(image, _EncodedTensors(source, features, small))

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        self._check(features.image)
        if diagnostics and not self._stages.gives_diagnostics:
            self._stages.add_diagnostics()
            self._bound = None
        motion, decoder = self._stages.requests["motion"], self._stages.requests["decoder"]
        self._bind(features.payload)
        for prefix, keypoints in (("source", kp_source), ("driving", kp_driving)):
            motion.get_tensor(f"{prefix}_value").data[0] = keypoints.value
            if self._stages.has_jacobian:
                motion.get_tensor(f"{prefix}_jacobian").data[0] = keypoints.jacobian
        self._stages.infer_frame()
        prediction = _copy(decoder, "prediction")
        return Rendering(prediction, self._diagnostics() if diagnostics else None)

    def _bind(self, encoded: _EncodedTensors) -> None:
        """Make the source's tensors the inputs of motion and decoder, once per source."""
        if self._bound is encoded:
            return
        self._stages.requests["motion"].set_tensor("small", encoded.small)
        self._stages.requests["decoder"].set_tensor("source", encoded.source)
        self._stages.requests["decoder"].set_tensor("features", encoded.features)
        self._bound = encoded

    def _diagnostics(self) -> Diagnostics:
        motion, decoder = self._stages.requests["motion"], self._stages.requests["decoder"]
        return Diagnostics(
            deformed=_copy(decoder, "deformed"),
            occlusion_map=_copy(motion, "occlusion_map") if self._stages.has_occlusion else None,
            mask=_copy(motion, "mask"),
            sparse_deformed=_copy(motion, "sparse_deformed"),
            deformation=_copy(motion, "deformation"),
        )

    def close(self) -> None:
        super().close()
        self._stages.close()
        self._bound = None


def has_bfloat16(core: Any = None) -> bool:
    """Whether OpenVINO finds bfloat16 instructions in this CPU."""
    core = core or start_core(0)
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _tensor(array: FloatArray) -> Any:
    """An OpenVINO tensor on the array's own memory, which it keeps; a request does not."""
    import openvino

    return openvino.Tensor(np.ascontiguousarray(array), shared_memory=True)


def _copy(request: Any, name: str) -> FloatArray:
    """One output without its batch axis, in memory of its own."""
    first: FloatArray = request.get_tensor(name).data[0].copy()
    return first


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
    if files.bundle is None:
        raise ModelError(f"{files.name}: expected exported graphs, found none")
    device = choice.device or DEFAULT_DEVICE
    graphs = files.bundle.int8_graphs if choice.precision == "int8" else files.bundle.graphs
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
