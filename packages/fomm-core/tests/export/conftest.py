"""Running ONNX graphs, as the openvino engine does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest


@pytest.fixture(scope="session")
def run_onnx() -> Callable[..., dict[str, np.ndarray]]:
    """Compiles an :class:`OnnxGraph` for the CPU in float32 and runs it."""
    openvino = pytest.importorskip("openvino")
    core = openvino.Core()

    def run(graph, half: bool = False, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        model = core.read_model(graph.to_model({}, half).SerializeToString())
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        found = compiled(inputs)
        return {name: np.array(found[name]) for name in graph.outputs}

    return run
