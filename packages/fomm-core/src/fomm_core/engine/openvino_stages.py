"""The stages of a model in OpenVINO: motion and decoder are one where the CPU computes both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fomm_core.engine.graph_engine import FrameStages, GraphStages, handed_over
from fomm_core.engine.openvino_models import compile_for, damage_told, join, read_stage
from fomm_core.engine.openvino_stage import OpenVINOStage
from fomm_core.engine.openvino_targets import CPU, Target, choose_target
from fomm_core.engine.spec import Precision

_JOINED = ("motion", "decoder")
"""The stages that run as one where the CPU computes both."""

_NAME = " and ".join(_JOINED)

_INNER_MAPS = frozenset({"deformed", "occlusion_map", "mask", "sparse_deformed", "deformation"})
"""The outputs that are computed only where the inner maps are asked for."""


@dataclass(frozen=True)
class StageCompiler:
    """Compiles stages from their files, which are read each time.

    Attributes:
        core: OpenVINO.
        graphs: the ONNX file of each stage, by the stage's name.
        bfloat16: whether convolutions are computed in bfloat16, by casts.
    """

    core: Any
    graphs: Mapping[str, Path]
    bfloat16: bool

    def compile(self, stage: str, target: Target) -> tuple[OpenVINOStage, Target]:
        """Compile a stage for a device, or for the CPU where the device cannot run it.

        Returns:
            The stage, and where it computes.

        Raises:
            ModelError: its graph is missing or damaged.
        """
        with damage_told(self.graphs[stage]):
            request, taken = compile_for(self.core, self._read(stage), stage, target)
        return OpenVINOStage(stage, request), taken

    def compile_joined(self, diagnostics: bool) -> FrameStages:
        """Compile motion and decoder as one stage for the CPU, with the inner maps or without.

        Raises:
            ModelError: a graph is missing or damaged.
        """
        outputs = {"prediction", *(_INNER_MAPS if diagnostics else ())}
        name = f"{_NAME} with inner maps" if diagnostics else _NAME
        with damage_told(self.graphs["decoder"]):
            model = join(self._read("motion"), self._read("decoder"), outputs)
            request, _ = compile_for(self.core, model, name, CPU, PERF_COUNT="YES")
        stage = OpenVINOStage(name, request, _JOINED)
        return FrameStages(stage, stage)

    def _read(self, stage: str) -> Any:
        return read_stage(self.core, self.graphs[stage], stage, self.bfloat16)


class JoinedStages(GraphStages):
    """Stages of which motion and decoder run as one, in two forms: without inner maps and with.

    The form with them is compiled when they are first asked for; from then on both are kept.

    Args:
        keypoints, encoder, left_on_cpu: as of :class:`GraphStages`.
        compiler: compiles motion and decoder.

    Raises:
        ModelError: a graph is missing or damaged.
    """

    def __init__(
        self,
        keypoints: OpenVINOStage,
        encoder: OpenVINOStage,
        left_on_cpu: tuple[str, ...],
        compiler: StageCompiler,
    ) -> None:
        super().__init__(keypoints, encoder, compiler.compile_joined(False), left_on_cpu)
        self._compiler = compiler
        self._full: FrameStages | None = None

    def frame(self, diagnostics: bool) -> FrameStages:
        """Motion and decoder, which compute the inner maps only if asked for."""
        if not diagnostics:
            return self.plain
        if self._full is None:
            self._full = self._compiler.compile_joined(True)
        return self._full


def compile_stages(
    core: Any, graphs: Mapping[str, Path], device: str, precision: Precision, bfloat16: bool
) -> GraphStages:
    """Compile each stage for the device or, where that cannot run it, for the CPU.

    Args:
        core: OpenVINO.
        graphs: the ONNX file of each stage, by the stage's name.
        device: what computes, by OpenVINO's name in small letters.
        precision: as asked for.
        bfloat16: whether convolutions are computed in bfloat16, by casts.

    Raises:
        ModelError: a graph is missing or damaged.
    """
    compiler = StageCompiler(core, graphs, bfloat16)
    targets = {stage: choose_target(core, device, stage, precision) for stage in graphs}
    joined = all(targets[stage] == CPU for stage in _JOINED)
    stages: dict[str, OpenVINOStage] = {}
    for stage in graphs:
        if not (joined and stage in _JOINED):
            stages[stage], targets[stage] = compiler.compile(stage, targets[stage])
    left = tuple(stage for stage, target in targets.items() if target.device != device.upper())
    if joined:
        return JoinedStages(stages["keypoints"], stages["encoder"], left, compiler)
    motion, decoder = (stages[stage] for stage in _JOINED)
    for name, tensor in handed_over(motion).items():
        decoder.take(name, tensor)
    return GraphStages(stages["keypoints"], stages["encoder"], FrameStages(motion, decoder), left)
