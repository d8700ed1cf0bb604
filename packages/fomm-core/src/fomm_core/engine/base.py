"""The interface of every engine: detect, encode, render, close."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from typing_extensions import Self

from fomm_core.engine.timing import StageTimer
from fomm_core.errors import EngineError
from fomm_core.motion.keypoints import FloatArray, Keypoints

MOTION_TO_DECODER = ("deformation", "occlusion_map", "motion_features")
"""Outputs of the motion stage that the decoder takes, as far as the model has them."""


def motion_inputs(kp_source: Keypoints, kp_driving: Keypoints) -> dict[str, FloatArray]:
    """The keypoints as inputs of the motion stage, by name, with a batch axis of length 1.

    These are ``{source,driving}_value`` (1, K, 2) and, as far as there are jacobians,
    ``{source,driving}_jacobian`` (1, K, 2, 2).
    """
    inputs: dict[str, FloatArray] = {}
    for prefix, keypoints in (("source", kp_source), ("driving", kp_driving)):
        inputs[f"{prefix}_value"] = keypoints.value[None]
        if keypoints.jacobian is not None:
            inputs[f"{prefix}_jacobian"] = keypoints.jacobian[None]
    return inputs


@dataclass(frozen=True, eq=False)
class SourceFeatures:
    """The encoded source image; computed once per source.

    Attributes:
        image: (3, H, W) float32 in [0, 1], the source itself.
        payload: the engine's own form of the encoded features; opaque to callers and
            valid only for the engine that made it.
    """

    image: FloatArray
    payload: Any


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """The inner maps of one rendering (Sections 3.1 and 3.2 of the paper).

    Attributes:
        deformed: (3, H, W) in [0, 1], the source warped by the dense motion alone.
        occlusion_map: (1, h, w) in [0, 1], 1 where the warped source is visible, 0 where
            it must be inpainted; ``None`` for models without one.
        mask: (K + 1, h, w), non-negative and summing to 1 over the first axis; plane 0
            is the background.
        sparse_deformed: (K + 1, 3, h, w) in [0, 1], the small source warped by the
            background identity and by each keypoint's local affine motion.
        deformation: (h, w, 2) in [-1, 1], x first, ``align_corners=True``: where in the source
            each pixel comes from.
    """

    deformed: FloatArray
    occlusion_map: FloatArray | None
    mask: FloatArray
    sparse_deformed: FloatArray
    deformation: FloatArray


@dataclass(frozen=True, eq=False)
class Rendering:
    """One generated frame.

    Attributes:
        prediction: (3, H, W) float32 in [0, 1], RGB.
        diagnostics: the inner maps, or ``None`` unless asked for.
    """

    prediction: FloatArray
    diagnostics: Diagnostics | None = None


class Engine(ABC):
    """Runs the networks of one model. Images are (3, H, W) float32 in [0, 1], RGB.

    An engine is used from one thread at a time and may keep state between calls
    (buffers, compiled graphs), but its results depend on the arguments alone.

    Attributes:
        name: the engine's name as on the command line.
        precision: one of :data:`~fomm_core.engine.spec.PRECISIONS`.
        device: what computes, by the engine's own name for it.
        left_on_cpu: what the device cannot run and the CPU runs instead: stages or operations.
        frame_size: (height, width) of every image, in pixels.
        timer: the time that each stage took.
        closed: whether :meth:`close` was called.

    Raises:
        EngineError: any call on a closed engine, or with an image of another kind.
        DeviceError: any call, where the device fails.
    """

    name: str
    precision: str
    device: str = "cpu"
    left_on_cpu: tuple[str, ...] = ()
    frame_size: tuple[int, int]

    def __init__(self) -> None:
        self.timer = StageTimer()
        self.closed = False

    @abstractmethod
    def detect(self, image: FloatArray) -> Keypoints:
        """Detect the keypoints of one image (Section 3.1 of the paper).

        Args:
            image: (3, H, W) float32 in [0, 1], RGB; it is left as it is.
        """

    @abstractmethod
    def encode(self, image: FloatArray) -> SourceFeatures:
        """Encode the source image, once per source.

        Args:
            image: (3, H, W) float32 in [0, 1], RGB; it may be changed afterwards.
        """

    @abstractmethod
    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        """Render the source as moved from ``kp_source`` to ``kp_driving``.

        Args:
            features: the source, as :meth:`encode` gave it.
            kp_source: the source's keypoints, as :meth:`detect` gave them.
            kp_driving: the keypoints to move to.
            diagnostics: also return the inner maps, which cost time.
        """

    def close(self) -> None:
        """Free the engine's memory and threads; it is not used afterwards."""
        self.closed = True

    def _check(self, image: FloatArray) -> None:
        """Refuse a closed engine, and images that are not of its kind."""
        if self.closed:
            raise EngineError(f"engine {self.name}: expected an open engine, found a closed one")
        expected = (3, *self.frame_size)
        if image.shape != expected or image.dtype != np.float32:
            raise EngineError(
                f"engine {self.name}: expected an image float32 {expected}, "
                f"found {image.dtype} {image.shape}"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
