"""The engine on exported graphs, whatever library runs them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import Self

from fomm_core.devices import raise_device_errors
from fomm_core.engine.base import (
    MOTION_TO_DECODER,
    Diagnostics,
    Engine,
    Rendering,
    SourceFeatures,
    motion_inputs,
)
from fomm_core.engine.graph_stage import GraphStage
from fomm_core.engine.spec import Precision
from fomm_core.errors import ModelError
from fomm_core.model.bundle import Bundle
from fomm_core.model.files import ModelFiles
from fomm_core.motion.keypoints import FloatArray, Keypoints


@dataclass(frozen=True, eq=False)
class EncodedTensors:
    """One source's encoder outputs, where the library has them, in memory of their own.

    Attributes:
        features: (1, C, h, w), for the decoder.
        small: (1, 3, h', w'), the small source, for the motion stage.
    """

    features: Any
    small: Any


@dataclass(eq=False)
class FrameStages:
    """Motion and decoder, which render a frame, with the source that they have as input.

    Attributes:
        motion: from keypoints to the dense motion.
        decoder: from the dense motion to the frame; where both run as one, the same stage.
    """

    motion: GraphStage
    decoder: GraphStage
    _bound: EncodedTensors | None = field(default=None, init=False)

    @classmethod
    def chained(cls, motion: GraphStage, decoder: GraphStage) -> Self:
        """Two stages, of which the decoder reads where the motion stage writes."""
        for name, tensor in handed_over(motion).items():
            decoder.take(name, tensor)
        return cls(motion, decoder)

    @property
    def steps(self) -> tuple[GraphStage, ...]:
        """The stages to run, in their order."""
        return (self.motion,) if self.motion is self.decoder else (self.motion, self.decoder)

    def bind(self, features: SourceFeatures) -> None:
        """Make the source's tensors the inputs of motion and decoder, once per source."""
        encoded = features.payload
        if self._bound is encoded:
            return
        self._bound = None  # a failure on the way leaves neither source bound
        self.motion.take("small", encoded.small)
        self.decoder.take("features", encoded.features)
        self.decoder.write("source", features.image[None])
        self._bound = encoded

    def write_keypoints(self, kp_source: Keypoints, kp_driving: Keypoints) -> None:
        """Write the keypoints; jacobians as far as the model takes them."""
        for name, array in motion_inputs(kp_source, kp_driving).items():
            if name in self.motion.shapes:
                self.motion.write(name, array)

    def read_diagnostics(self) -> Diagnostics:
        """The inner maps of the last frame, of stages that compute them."""
        motion, decoder = self.motion, self.decoder
        has_occlusion = "occlusion_map" in motion.shapes
        return Diagnostics(
            deformed=decoder.read("deformed"),
            occlusion_map=motion.read("occlusion_map") if has_occlusion else None,
            mask=motion.read("mask"),
            sparse_deformed=motion.read("sparse_deformed"),
            deformation=motion.read("deformation"),
        )


@dataclass(frozen=True, eq=False)
class GraphStages:
    """The stages of a model.

    Attributes:
        keypoints: from an image to its keypoints.
        encoder: from the source to its features.
        frame: gives motion and decoder, the same ones each time, for frames with the inner maps
            or without; the maps may be among their outputs unasked.
        left_on_cpu: what the device cannot run and the CPU runs instead: stages or operations.
    """

    keypoints: GraphStage
    encoder: GraphStage
    frame: Callable[[bool], FrameStages]
    left_on_cpu: tuple[str, ...]


class GraphEngine(Engine):
    """Runs the four exported graphs; NNabla is not needed.

    A library adds how its stages are opened.

    Args:
        stages: the opened stages, which the engine frees when it is closed.
        precision: what they compute at.
        device: what computes.

    Raises:
        DeviceError: (any call) the device fails.
    """

    def __init__(self, stages: GraphStages, precision: Precision, device: str) -> None:
        super().__init__()
        self.precision, self.device = precision, device
        self.left_on_cpu = stages.left_on_cpu
        _, _, height, width = stages.keypoints.shapes["image"]
        self.frame_size = (height, width)
        self._stages = stages

    def detect(self, image: FloatArray) -> Keypoints:
        self._check(image)
        stage = self._stages.keypoints
        with self._raise_failures():
            stage.write("image", image[None])
            self._run(stage)
            jacobian = stage.read("jacobian") if "jacobian" in stage.shapes else None
            return Keypoints(stage.read("value"), jacobian)

    def encode(self, image: FloatArray) -> SourceFeatures:
        self._check(image)
        image, stage = image.copy(), self._stages.encoder
        with self._raise_failures():
            stage.write("source", image[None])
            self._run(stage)
            encoded = EncodedTensors(stage.keep("features"), stage.keep("small"))
        return SourceFeatures(image, encoded)

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        self._check(features.image)
        with self._raise_failures():
            frame = self._stages.frame(diagnostics)
            frame.bind(features)
            frame.write_keypoints(kp_source, kp_driving)
            for stage in frame.steps:
                self._run(stage)
            prediction = frame.decoder.read("prediction")
            return Rendering(prediction, frame.read_diagnostics() if diagnostics else None)

    def _raise_failures(self) -> AbstractContextManager[None]:
        """Raise what the library raises in the block as a line for the user."""
        return raise_device_errors()

    def _run(self, stage: GraphStage) -> None:
        with self.timer.measure(stage.name, stage.shares):
            stage.run()

    def close(self) -> None:
        if not self.closed:
            self.timer.settle()
            del self._stages
        super().close()


def require_graphs(files: ModelFiles) -> Bundle:
    """The exported graphs of a model.

    Raises:
        ModelError: it has none.
    """
    if files.bundle is None:
        raise ModelError(
            f"{files.name}: expected exported graphs, found none; make them with fomm export"
        )
    return files.bundle


def handed_over(motion: GraphStage) -> dict[str, Any]:
    """The outputs of the motion stage that the decoder takes, by name."""
    return {name: motion.output(name) for name in MOTION_TO_DECODER if name in motion.shapes}
