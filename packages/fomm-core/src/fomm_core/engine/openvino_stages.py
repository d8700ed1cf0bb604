"""The stages of a model in OpenVINO: motion and decoder are one where the CPU computes both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fomm_core.engine.base import MOTION_TO_DECODER
from fomm_core.engine.openvino_models import (
    compile_for,
    damage_told,
    end_names,
    join,
    read_stage,
    shares_of,
)
from fomm_core.engine.openvino_targets import CPU, choose_target
from fomm_core.engine.spec import Precision
from fomm_core.engine.timing import StageTimer

_JOINED = "motion and decoder"
"""The name under which the time of both is measured where they run as one."""

_DIAGNOSTICS = ("deformed", "occlusion_map", "mask", "sparse_deformed", "deformation")
"""The outputs that are computed only where the inner maps are asked for."""


class CompiledStages:
    """The four stages, each compiled for the device or, where that cannot run it, for the CPU.

    Args:
        core: OpenVINO.
        graphs: the ONNX file of each stage, by the stage's name.
        device: what computes, by OpenVINO's name in small letters.
        precision: as asked for.
        bfloat16: whether convolutions are computed in bfloat16, by casts.
        timer: measures the stages.

    Attributes:
        requests: the inference request of each stage; motion and decoder share one where they
            run as one model.
        left_on_cpu: the stages that the device cannot run, or not at this precision.
        gives_diagnostics: whether the inner maps are computed.

    Raises:
        ModelError: a graph is missing or damaged.
    """

    def __init__(
        self,
        core: Any,
        graphs: Mapping[str, Path],
        device: str,
        precision: Precision,
        bfloat16: bool,
        timer: StageTimer,
    ) -> None:
        self._core, self._graphs, self._bfloat16 = core, dict(graphs), bfloat16
        self._timer = timer
        self.requests: dict[str, Any] = {}
        targets = {stage: choose_target(core, device, stage, precision) for stage in graphs}
        self._joined = targets["motion"] == targets["decoder"] == CPU
        for stage in ("keypoints", "encoder") if self._joined else self._graphs:
            with damage_told(self._graphs[stage]):
                self.requests[stage], targets[stage] = compile_for(
                    core, self._read(stage), stage, targets[stage]
                )
        if self._joined:
            timer.divide(_JOINED, self._shares)
            self._join({"prediction"})
        else:
            self._chain()
        self.left_on_cpu = tuple(
            stage for stage, target in targets.items() if target.device != device.upper()
        )
        keypoints = self.requests["keypoints"]
        ends = end_names(keypoints.model_inputs) | end_names(keypoints.model_outputs)
        self.has_jacobian = "jacobian" in ends

    def add_diagnostics(self) -> None:
        """Compute the inner maps from now on; the inputs of motion and decoder are set anew."""
        self._join({"prediction", *_DIAGNOSTICS})

    def infer(self, stage: str) -> None:
        """Run one stage with the inputs as they are set."""
        with self._timer.measure(stage):
            self.requests["decoder" if stage == _JOINED else stage].infer()

    def infer_frame(self) -> None:
        """Run motion and decoder."""
        for stage in (_JOINED,) if self._joined else ("motion", "decoder"):
            self.infer(stage)

    def close(self) -> None:
        """Free the requests; what was measured stays."""
        if self._joined and self.requests:
            shares = self._shares()
            self._timer.divide(_JOINED, lambda: shares)
        self.requests = {}

    def _read(self, stage: str) -> Any:
        return read_stage(self._core, self._graphs[stage], stage, self._bfloat16)

    def _join(self, outputs: set[str]) -> None:
        """Compile motion and decoder as one model with some of their outputs."""
        motion, decoder = self._read("motion"), self._read("decoder")
        self.has_occlusion = "occlusion_map" in end_names(motion.outputs)
        with damage_told(self._graphs["decoder"]):
            request, _ = compile_for(
                self._core, join(motion, decoder, outputs), _JOINED, CPU, PERF_COUNT="YES"
            )
        self.requests |= {"motion": request, "decoder": request}
        self.gives_diagnostics = "mask" in outputs

    def _chain(self) -> None:
        """Let the decoder read where the motion stage writes."""
        motion, decoder = self.requests["motion"], self.requests["decoder"]
        present = end_names(motion.model_outputs)
        self.has_occlusion = "occlusion_map" in present
        self.gives_diagnostics = True
        for name in MOTION_TO_DECODER:
            if name in present:
                decoder.set_tensor(name, motion.get_tensor(name))

    def _shares(self) -> dict[str, float]:
        """The fractions of the time of motion and decoder that each takes."""
        return shares_of(self.requests["decoder"], ("motion", "decoder"))
