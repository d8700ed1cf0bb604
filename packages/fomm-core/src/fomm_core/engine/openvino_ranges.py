"""Ranges of the tensors inside a decoder while it renders, by which it is quantized."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from fomm_core.engine.base import MOTION_TO_DECODER, motion_inputs
from fomm_core.engine.openvino_models import end_names, start_core
from fomm_core.motion.keypoints import FloatArray, Keypoints


class DecoderRanges:
    """Renders with the exported graphs, and gives the least and the largest of tensors.

    Args:
        graphs: the ONNX file of each stage, by the stage's name.
        names: of tensors of the decoder.
        image: the source, (3, H, W) float32 in [0, 1].
        kp_source: its keypoints.
    """

    def __init__(
        self,
        graphs: Mapping[str, Path],
        names: Iterable[str],
        image: FloatArray,
        kp_source: Keypoints,
    ) -> None:
        core = start_core(0)
        single = {"INFERENCE_PRECISION_HINT": "f32"}
        encoder = core.compile_model(graphs["encoder"], "CPU", single)
        self._motion = core.compile_model(graphs["motion"], "CPU", single)
        decoder = core.read_model(graphs["decoder"])
        self._names = tuple(names)
        decoder.add_outputs(
            [name for name in self._names if name not in end_names(decoder.outputs)]
        )
        self._decoder = core.compile_model(decoder, "CPU", single)
        source = image[None]
        encoded = encoder({"source": source})
        self._inputs = {"source": source, "features": np.array(encoded["features"])}
        self._small = np.array(encoded["small"])
        self._kp_source = kp_source

    def render(self, kp_driving: Keypoints) -> dict[str, tuple[float, float]]:
        """Render one frame; gives (least, largest) by name."""
        keypoints = motion_inputs(self._kp_source, kp_driving)
        motion = self._motion({"small": self._small, **keypoints})
        present = end_names(self._motion.outputs)
        chained = {name: motion[name] for name in MOTION_TO_DECODER if name in present}
        wanted = end_names(self._decoder.inputs)
        given = {**self._inputs, **chained}
        made = self._decoder({name: given[name] for name in wanted})
        return {name: (float(made[name].min()), float(made[name].max())) for name in self._names}
