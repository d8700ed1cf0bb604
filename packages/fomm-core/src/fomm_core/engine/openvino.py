"""The fast engine: the exported graphs, compiled by OpenVINO for the CPU, Intel GPU or NPU."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.devices import telling_line
from fomm_core.engine.base import MOTION_TO_DECODER, Diagnostics, Engine, Rendering, SourceFeatures
from fomm_core.engine.openvino_targets import CPU, Target, choose_target, computes_halves
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

logger = logging.getLogger(__name__)

_ENDS = {
    "keypoints": {"image", "value"},
    "encoder": {"source", "features", "small"},
    "motion": {"small", "source_value", "driving_value", "deformation", "mask", "sparse_deformed"},
    "decoder": {"source", "features", "deformation", "prediction", "deformed"},
}
"""Inputs and outputs that the graph of a stage always has."""


@dataclass(frozen=True, eq=False)
class _EncodedTensors:
    """One source's encoder outputs, in memory of their own."""

    source: Any
    features: Any
    small: Any


class OpenVINOEngine(Engine):
    """Runs the four exported graphs; NNabla is not needed.

    The precision is always set: left alone, OpenVINO takes bfloat16 on CPUs that have it,
    which moves keypoints visibly. Keypoints and motion stay in float32 in either precision.

    Args:
        graphs: the ONNX file of each stage, by the stage's name.
        precision: ``"fp32"``, or ``"fast"`` for a bfloat16 decoder.
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
        core = _start_core(threads)
        if precision == "fast" and device == DEFAULT_DEVICE and not has_bfloat16(core):
            raise EngineError(
                "precision fast: expected a CPU with bfloat16 instructions (AVX512-BF16 or AMX), "
                "found none; use precision fp32"
            )
        compiled = {
            stage: _compile(core, path, stage, choose_target(core, device, stage, precision))
            for stage, path in graphs.items()
        }
        self._requests = {stage: request for stage, (request, _) in compiled.items()}
        self.left_on_cpu = tuple(
            stage for stage, (_, target) in compiled.items() if target.device != device.upper()
        )
        self._has_jacobian = "jacobian" in _end_names(self._requests["keypoints"])
        self._has_occlusion = "occlusion_map" in _end_names(self._requests["motion"])
        self._chain()
        _, _, height, width = self._requests["keypoints"].get_tensor("image").shape
        self.frame_size = (height, width)
        self._bound: _EncodedTensors | None = None

    def _chain(self) -> None:
        """Let the decoder read where the motion stage writes."""
        motion, decoder = self._requests["motion"], self._requests["decoder"]
        present = _end_names(motion)
        for name in MOTION_TO_DECODER:
            if name in present:
                decoder.set_tensor(name, motion.get_tensor(name))

    def detect(self, image: FloatArray) -> Keypoints:
        self._check(image)
        request = self._requests["keypoints"]
        tensor = _tensor(image[None])  # has to live until the inference is over
        request.set_tensor("image", tensor)
        self._infer("keypoints")
        jacobian = _copy(request, "jacobian") if self._has_jacobian else None
        return Keypoints(_copy(request, "value"), jacobian)

    def encode(self, image: FloatArray) -> SourceFeatures:
        self._check(image)
        request = self._requests["encoder"]
        image = image.copy()
        source = _tensor(image[None])
        request.set_tensor("source", source)
        self._infer("encoder")
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
        motion, decoder = self._requests["motion"], self._requests["decoder"]
        self._bind(features.payload)
        for prefix, keypoints in (("source", kp_source), ("driving", kp_driving)):
            motion.get_tensor(f"{prefix}_value").data[0] = keypoints.value
            if self._has_jacobian:
                motion.get_tensor(f"{prefix}_jacobian").data[0] = keypoints.jacobian
        self._infer("motion")
        self._infer("decoder")
        prediction = _copy(decoder, "prediction")
        return Rendering(prediction, self._diagnostics() if diagnostics else None)

    def _infer(self, stage: str) -> None:
        with self.timer.measure(stage):
            self._requests[stage].infer()

    def _bind(self, encoded: _EncodedTensors) -> None:
        """Make the source's tensors the inputs of motion and decoder, once per source."""
        if self._bound is encoded:
            return
        self._requests["motion"].set_tensor("small", encoded.small)
        self._requests["decoder"].set_tensor("source", encoded.source)
        self._requests["decoder"].set_tensor("features", encoded.features)
        self._bound = encoded

    def _diagnostics(self) -> Diagnostics:
        motion, decoder = self._requests["motion"], self._requests["decoder"]
        return Diagnostics(
            deformed=_copy(decoder, "deformed"),
            occlusion_map=_copy(motion, "occlusion_map") if self._has_occlusion else None,
            mask=_copy(motion, "mask"),
            sparse_deformed=_copy(motion, "sparse_deformed"),
            deformation=_copy(motion, "deformation"),
        )

    def close(self) -> None:
        super().close()
        self._requests = {}
        self._bound = None


def has_bfloat16(core: Any = None) -> bool:
    """Whether OpenVINO finds bfloat16 instructions in this CPU."""
    core = core or _start_core(0)
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _start_core(threads: int) -> Any:
    """OpenVINO, set to give the single next frame soonest."""
    try:
        import openvino
    except ImportError as error:
        raise EngineError(
            f"engine openvino: expected the package openvino, found none ({error}); "
            "install it with: pip install openvino"
        ) from None
    core = openvino.Core()
    core.set_property("CPU", {"PERFORMANCE_HINT": "LATENCY"})
    if threads:
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
    return core


def _compile(core: Any, path: Path, stage: str, target: Target) -> tuple[Any, Target]:
    """Compile the graph of one stage; give its inference request, and where it computes."""
    if not path.is_file():
        raise ModelError(f"{path}: expected an exported graph, found none")
    try:
        model = core.read_model(path)
        request, target = _compile_for(core, model, stage, target)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise ModelError(f"{path}: expected an exported ONNX graph, found: {reason}") from None
    missing = _ENDS[stage] - _end_names(request)
    if missing:
        raise ModelError(
            f"{path}: expected the graph of stage {stage}, found one without {min(missing)}"
        )
    return request, target


def _compile_for(core: Any, model: Any, stage: str, target: Target) -> tuple[Any, Target]:
    """Compile a model for a device, or for the CPU where the device cannot run it."""
    hint = {"INFERENCE_PRECISION_HINT": target.hint}
    try:
        compiled = core.compile_model(model, target.device, hint)
        return compiled.create_infer_request(), target
    except RuntimeError as error:
        if target.device == CPU.device:
            raise
        logger.info("device %s: stage %s: %s", target.device, stage, telling_line(error))
    return _compile_for(core, model, stage, CPU)


def _end_names(request: Any) -> set[str]:
    """The names of a request's inputs and outputs."""
    ports = (*request.model_inputs, *request.model_outputs)
    return {name for port in ports for name in port.get_names()}


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
    if precision == "fp32":
        return True
    on_cpu = device in ("", DEFAULT_DEVICE)
    return has_bfloat16() if on_cpu else computes_halves(_start_core(0), device)


def _find_devices() -> tuple[str, ...]:
    return tuple(name.lower() for name in _start_core(0).available_devices)


def _start(files: ModelFiles, choice: EngineChoice) -> Engine:
    if files.bundle is None:
        raise ModelError(f"{files.name}: expected exported graphs, found none")
    device = choice.device or DEFAULT_DEVICE
    return OpenVINOEngine(files.bundle.graphs, choice.precision, choice.threads, device)


OPENVINO = EngineSpec(
    name="openvino",
    device="cpu",
    precisions=("fp32", "fast"),
    status=_status,
    start=_start,
    has_precision=_has_precision,
    devices=_find_devices,
    needs_graphs=True,
)
