"""The stages of a model in OpenVINO: motion and decoder are one where the CPU computes both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fomm_core.engine.graph_engine import FrameStages, GraphStages
from fomm_core.engine.openvino_models import compile_for, join, raise_damage, read_stage
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
    """

    core: Any
    graphs: Mapping[str, Path]

    def compile(self, stage: str, target: Target) -> tuple[OpenVINOStage, Target]:
        """Compile a stage for a device, or for the CPU where the device cannot run it.

        Returns:
            The stage, and where it computes.

        Raises:
            ModelError: its graph is missing or damaged.
        """
        with raise_damage(self.graphs[stage]):
            model = self._read(stage, target)
            request, taken = compile_for(self.core, model, stage, target)
        return OpenVINOStage(stage, request), taken

    def compile_joined(self, target: Target, diagnostics: bool) -> FrameStages:
        """Compile motion and decoder as one stage, with the inner maps or without.

        Raises:
            ModelError: a graph is missing or damaged.
        """
        outputs = {"prediction", *(_INNER_MAPS if diagnostics else ())}
        name = f"{_NAME} with inner maps" if diagnostics else _NAME
        with raise_damage(self.graphs["decoder"]):
            motion, decoder = (self._read(stage, target) for stage in _JOINED)
            model = join(motion, decoder, outputs)
            request, _ = compile_for(self.core, model, name, target, PERF_COUNT="YES")
        stage = OpenVINOStage(name, request, _JOINED)
        return FrameStages(stage, stage)

    def _read(self, stage: str, target: Target) -> Any:
        return read_stage(self.core, self.graphs[stage], stage, target.casts)


class JoinedStages(GraphStages):
    """Stages of which motion and decoder run as one, in two forms: without inner maps and with.

    The form with them is compiled when they are first asked for; from then on both are kept.

    Args:
        keypoints, encoder, left_on_cpu: as of :class:`GraphStages`.
        compile_joined: compiles motion and decoder, with the inner maps or without.

    Raises:
        ModelError: a graph is missing or damaged.
    """

    def __init__(
        self,
        keypoints: OpenVINOStage,
        encoder: OpenVINOStage,
        left_on_cpu: tuple[str, ...],
        compile_joined: Callable[[bool], FrameStages],
    ) -> None:
        super().__init__(keypoints, encoder, compile_joined(False), left_on_cpu)
        self._compile_joined = compile_joined
        self._full: FrameStages | None = None

    def frame(self, diagnostics: bool) -> FrameStages:
        """Motion and decoder, which compute the inner maps only if asked for."""
        if not diagnostics:
            return self.plain
        if self._full is None:
            self._full = self._compile_joined(True)
        return self._full


def compile_stages(
    core: Any, graphs: Mapping[str, Path], device: str, precision: Precision
) -> GraphStages:
    """Compile each stage for the device or, where that cannot run it, for the CPU.

    Args:
        core: OpenVINO.
        graphs: the ONNX file of each stage, by the stage's name.
        device: what computes, by OpenVINO's name in small letters.
        precision: as asked for.

    Raises:
        ModelError: a graph is missing or damaged.
    """
    compiler = StageCompiler(core, graphs)
    targets = {stage: choose_target(core, device, stage, precision) for stage in graphs}
    joined = all(targets[stage].device == CPU.device for stage in _JOINED)
    stages: dict[str, OpenVINOStage] = {}
    for stage in graphs:
        if not (joined and stage in _JOINED):
            stages[stage], targets[stage] = compiler.compile(stage, targets[stage])
    left = tuple(stage for stage, target in targets.items() if target.device != device.upper())
    if joined:
        compile_joined = partial(compiler.compile_joined, targets["decoder"])
        return JoinedStages(stages["keypoints"], stages["encoder"], left, compile_joined)
    frame = FrameStages.chained(stages["motion"], stages["decoder"])
    return GraphStages(stages["keypoints"], stages["encoder"], frame, left)
