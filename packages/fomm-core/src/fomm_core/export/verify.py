"""Prove that exported graphs compute what the NNabla definition computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from fomm_core.config import Config
from fomm_core.engine.base import Engine
from fomm_core.engine.nnabla import NNablaEngine
from fomm_core.engine.openvino import OpenVINOEngine
from fomm_core.errors import ExportError
from fomm_core.model.parameters import Parameters
from fomm_core.motion.keypoints import FloatArray, Keypoints

TOLERANCE = 2e-4
"""Largest accepted difference of any output, all of which are about 1 in size."""

HALF_TOLERANCE = 2e-2
"""The same where weights are stored as float16: it finds mistakes, not rounding."""


def verify(
    config: Config, parameters: Parameters, graphs: Mapping[str, Path], tolerance: float
) -> float:
    """Run NNabla and the compiled graphs on the same source and motion.

    The motion is small and well conditioned: where jacobians are nearly singular, both are
    right and yet differ.

    Returns:
        The largest absolute difference found.

    Raises:
        ExportError: it exceeds ``tolerance``; the message names the output.
    """
    outputs = []
    engines: list[Engine] = [
        NNablaEngine(config, parameters, "export"),
        OpenVINOEngine(graphs),
    ]
    for engine in engines:
        with engine:
            outputs.append(dict(_outputs(engine)))
    largest = 0.0
    for name, expected in outputs[0].items():
        difference = float(np.abs(expected - outputs[1][name]).max())
        if not difference <= tolerance:
            raise ExportError(
                f"exported graph: {name}: expected to be within {tolerance:g} of NNabla, "
                f"found a difference of {difference:g}"
            )
        largest = max(largest, difference)
    return largest


def _outputs(engine: Engine) -> Iterator[tuple[str, FloatArray]]:
    """All outputs of an engine for one smooth image and one motion, both fixed."""
    image = _smooth_image(engine.frame_size)
    detected = engine.detect(image)
    yield "keypoints value", detected.value
    if detected.jacobian is not None:
        yield "keypoints jacobian", detected.jacobian
    kp_source, kp_driving = _motion(detected)
    rendering = engine.render(engine.encode(image), kp_source, kp_driving, diagnostics=True)
    yield "prediction", rendering.prediction
    if rendering.diagnostics is not None:
        for name, array in vars(rendering.diagnostics).items():
            if array is not None:
                yield name, array


def _smooth_image(size: tuple[int, int]) -> FloatArray:
    """Three waves, one a channel; (3, H, W) in [0, 1]."""
    y, x = np.meshgrid(*(np.linspace(0, 1, side) for side in size), indexing="ij")
    waves = [np.sin(2 * np.pi * (a * x + b * y)) for a, b in ((1, 2), (3, -1), (2, 3))]
    image: FloatArray = (0.5 + 0.5 * np.stack(waves)).astype(np.float32)
    return image


def _motion(like: Keypoints) -> tuple[Keypoints, Keypoints]:
    """Two sets of keypoints a small motion apart, with the model's K and jacobians."""
    random = np.random.default_rng(0)
    source = random.uniform(-0.8, 0.8, like.value.shape).astype(np.float32)
    driving = source + random.uniform(-0.1, 0.1, source.shape).astype(np.float32)
    if like.jacobian is None:
        return Keypoints(source), Keypoints(driving)
    noise = random.uniform(-0.1, 0.1, (2, *like.jacobian.shape))
    jacobians = (np.eye(2) + noise).astype(np.float32)
    return Keypoints(source, jacobians[0]), Keypoints(driving, jacobians[1])
