"""The stages of a model in OpenVINO: motion and decoder are one where the CPU computes both."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from fomm_core.engine.graph_engine import FrameStages, GraphStages
from fomm_core.engine.openvino_models import (
    compile_for,
    end_names,
    join,
    raise_damage,
    read_stage,
)
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

    def compile(
        self, stage: str, target: Target, tensors: Collection[str] = ()
    ) -> tuple[OpenVINOStage, Target]:
        """Compile a stage for a device, or for the CPU where the device cannot run it.

        Args:
            stage: its name.
            target: what computes it.
            tensors: of those inside the stage, the ones to be outputs too, by name.

        Returns:
            The stage, and where it computes.

        Raises:
            ModelError: its graph is missing or damaged, or has no such tensor.
        """
        with raise_damage(self.graphs[stage]):
            model = self._read(stage, target)
            model.add_outputs([name for name in tensors if name not in end_names(model.outputs)])
            request, taken = compile_for(self.core, model, stage, target)
        return OpenVINOStage(stage, request), taken

    def compile_joined(self, target: Target, diagnostics: bool) -> FrameStages:
        """Compile motion and decoder as one stage, with the inner maps or without.

        Raises:
            ModelError: as of :meth:`read_joined`, or OpenVINO cannot compile them.
        """
        model = self.read_joined(target, diagnostics)
        name = f"{_NAME} with inner maps" if diagnostics else _NAME
        with self._raise_misfit():
            request, _ = compile_for(self.core, model, name, target, PERF_COUNT="YES")
        stage = OpenVINOStage(name, request, _JOINED)
        return FrameStages(stage, stage)

    def read_joined(self, target: Target, diagnostics: bool) -> Any:
        """Read motion and decoder as one model, with the inner maps or without.

        Raises:
            ModelError: a graph is missing or damaged, or they do not fit each other.
        """
        outputs = {"prediction", *(_INNER_MAPS if diagnostics else ())}
        motion, decoder = (self._read(stage, target) for stage in _JOINED)
        with self._raise_misfit():
            return join(motion, decoder, outputs)

    def _raise_misfit(self) -> AbstractContextManager[None]:
        return raise_damage(*(self.graphs[stage] for stage in _JOINED))

    def _read(self, stage: str, target: Target) -> Any:
        return read_stage(self.core, self.graphs[stage], stage, target.casts)


def compile_stages(
    core: Any, graphs: Mapping[str, Path], device: str, precision: Precision
) -> GraphStages:
    """Compile each stage for the device or, where that cannot run it, for the CPU.

    Motion and decoder, where they run as one, are compiled when a frame is first rendered: once
    for frames without the inner maps, and once for those with them, as far as there are such.

    Args:
        core: OpenVINO.
        graphs: the ONNX file of each stage, by the stage's name.
        device: what computes, by OpenVINO's name in small letters.
        precision: as asked for.

    Raises:
        ModelError: a graph is missing or damaged, or motion and decoder do not fit each other.
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
        compiler.read_joined(CPU, False)  # damage is told now, not at the first frame
        compile_once = cache(partial(compiler.compile_joined, targets["decoder"]))
        return GraphStages(stages["keypoints"], stages["encoder"], compile_once, left)
    frame = FrameStages.chained(stages["motion"], stages["decoder"])
    return GraphStages(stages["keypoints"], stages["encoder"], lambda diagnostics: frame, left)
