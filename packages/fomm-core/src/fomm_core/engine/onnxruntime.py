"""The engine for NVIDIA's, Apple's and other accelerators: the exported graphs in ONNX Runtime."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fomm_core.devices import try_devices
from fomm_core.devices.onnxruntime_providers import find_devices, import_onnxruntime, provider_of
from fomm_core.engine.base import MOTION_TO_DECODER, Diagnostics, Engine, Rendering, SourceFeatures
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
from fomm_core.errors import EngineError, ModelError
from fomm_core.model.files import ModelFiles
from fomm_core.motion.keypoints import FloatArray, Keypoints

logger = logging.getLogger(__name__)

_PACKAGES = ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-webgpu", "onnxruntime")
"""Packages of which one brings the module; the plain one last, as others may stand beside it."""

_HALVED = frozenset({"encoder", "decoder"})
"""Stages that ``fast`` computes in float16."""


@dataclass(frozen=True, eq=False)
class _EncodedTensors:
    """One source with its encoder's outputs, which stay on the device."""

    source: FloatArray
    features: Any
    small: Any


class OnnxRuntimeEngine(Engine):
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
        super().__init__()
        _require_onnxruntime()
        if precision == "fast" and device == DEFAULT_DEVICE:
            raise EngineError(
                "precision fast: expected an accelerator, found the CPU; use precision fp32"
            )
        self.precision, self.device = precision, device
        prepared = {
            stage: prepare_graph(path, stage, device, precision == "fast" and stage in _HALVED)
            for stage, path in graphs.items()
        }
        self.left_on_cpu = tuple(
            f"{operation} of {stage}"
            for stage, (_, left) in prepared.items()
            for operation in sorted(left)
        )
        self._stages = {
            stage: self._open(graph, stage, threads) for stage, (graph, _) in prepared.items()
        }
        self._chain()
        _, _, height, width = self._stages["keypoints"].shapes["image"]
        self.frame_size = (height, width)
        self._has_jacobian = "jacobian" in self._stages["keypoints"].shapes
        self._has_occlusion = "occlusion_map" in self._stages["motion"].shapes
        self._bound: _EncodedTensors | None = None

    def _open(self, graph: bytes, stage: str, threads: int) -> OnnxRuntimeStage:
        # The encoder runs once a source, into new memory.
        recorded = self.precision == "fast" and stage != "encoder"
        with raise_failures(self.device):
            return open_stage(graph, self.device, threads, recorded)

    def _chain(self) -> None:
        """Let the decoder read where the motion stage writes."""
        motion, decoder = self._stages["motion"], self._stages["decoder"]
        for name in MOTION_TO_DECODER:
            if name in motion.shapes:
                decoder.share(name, motion.output(name))

    def detect(self, image: FloatArray) -> Keypoints:
        self._check(image)
        stage = self._stages["keypoints"]
        stage.write({"image": image[None]})
        self._run("keypoints")
        jacobian = stage.read("jacobian") if self._has_jacobian else None
        return Keypoints(stage.read("value"), jacobian)

    def encode(self, image: FloatArray) -> SourceFeatures:
        self._check(image)
        image, stage = image.copy(), self._stages["encoder"]
        stage.renew_outputs()
        stage.write({"source": image[None]})
        self._run("encoder")
        payload = _EncodedTensors(image[None], stage.output("features"), stage.output("small"))
        return SourceFeatures(image, payload)

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        self._check(features.image)
        motion, decoder = self._stages["motion"], self._stages["decoder"]
        self._bind(features.payload)
        for prefix, keypoints in (("source", kp_source), ("driving", kp_driving)):
            motion.write({f"{prefix}_value": keypoints.value[None]})
            if keypoints.jacobian is not None and self._has_jacobian:
                motion.write({f"{prefix}_jacobian": keypoints.jacobian[None]})
        self._run("motion")
        self._run("decoder")
        prediction = decoder.read("prediction")
        return Rendering(prediction, self._diagnostics() if diagnostics else None)

    def _run(self, stage: str) -> None:
        with self.timer.measure(stage), raise_failures(self.device):
            self._stages[stage].run()

    def _bind(self, encoded: _EncodedTensors) -> None:
        """Make the source's tensors the inputs of motion and decoder, once per source."""
        if self._bound is encoded:
            return
        self._stages["motion"].take("small", encoded.small)
        self._stages["decoder"].take("features", encoded.features)
        self._stages["decoder"].write({"source": encoded.source})
        self._bound = encoded

    def _diagnostics(self) -> Diagnostics:
        motion, decoder = self._stages["motion"], self._stages["decoder"]
        return Diagnostics(
            deformed=decoder.read("deformed"),
            occlusion_map=motion.read("occlusion_map") if self._has_occlusion else None,
            mask=motion.read("mask"),
            sparse_deformed=motion.read("sparse_deformed"),
            deformation=motion.read("deformation"),
        )

    def close(self) -> None:
        super().close()
        self._stages = {}
        self._bound = None


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


def _has_precision(precision: Precision, device: str) -> bool:
    return precision == "fp32" or (device or _best_accelerator() or DEFAULT_DEVICE) != "cpu"


def _start(files: ModelFiles, choice: EngineChoice) -> Engine:
    if files.bundle is None:
        raise ModelError(f"{files.name}: expected exported graphs, found none")
    device = choice.device or _best_accelerator() or DEFAULT_DEVICE
    return OnnxRuntimeEngine(files.bundle.graphs, choice.precision, choice.threads, device)


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
