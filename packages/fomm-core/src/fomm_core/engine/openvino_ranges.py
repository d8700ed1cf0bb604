"""Ranges of the tensors inside a decoder while it renders, by which it is quantized."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fomm_core.engine.graph_engine import FrameStages, GraphEngine, GraphStages
from fomm_core.engine.openvino_models import start_core
from fomm_core.engine.openvino_stages import StageCompiler
from fomm_core.engine.openvino_targets import CPU
from fomm_core.motion.keypoints import FloatArray, Keypoints


class DecoderRanges:
    """Renders with the exported graphs, in float32 on the CPU, and tells the ranges of tensors.

    Args:
        graphs: the ONNX file of each stage, by the stage's name.
        names: of tensors of the decoder.
        image: the source, (3, H, W) float32 in [0, 1].
        kp_source: its keypoints.

    Raises:
        ModelError: a graph is missing or damaged, or the decoder has no such tensor.
    """

    def __init__(
        self,
        graphs: Mapping[str, Path],
        names: Iterable[str],
        image: FloatArray,
        kp_source: Keypoints,
    ) -> None:
        self._names = tuple(names)
        compiler = StageCompiler(start_core(0), graphs)
        self._decoder, _ = compiler.compile("decoder", CPU, self._names)
        keypoints, encoder, motion = (
            compiler.compile(stage, CPU)[0] for stage in ("keypoints", "encoder", "motion")
        )
        frame = FrameStages.chained(motion, self._decoder)
        stages = GraphStages(keypoints, encoder, lambda diagnostics: frame, ())
        self._engine = GraphEngine(stages, "fp32", "cpu")
        self._features, self._kp_source = self._engine.encode(image), kp_source

    def render(self, kp_driving: Keypoints) -> dict[str, tuple[float, float]]:
        """Render one frame; gives (least, largest) by name."""
        self._engine.render(self._features, self._kp_source, kp_driving)
        made = {name: self._decoder.read(name) for name in self._names}
        return {name: (float(array.min()), float(array.max())) for name, array in made.items()}
