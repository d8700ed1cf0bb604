"""Decoders with convolutions in INT8, run by ONNX's own evaluator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from fomm_core.export.quantization import Range, quantizable, quantize
from fomm_core.graphs.onnx_graph import OnnxGraph

pytestmark = pytest.mark.once

KERNELS = {"same": (6, 4, 3, 3), "up": (6, 5, 4, 4), "one": (5, 5, 1, 1), "last": (3, 5, 7, 7)}


@pytest.fixture
def decoder() -> OnnxGraph:
    """A decoder in small: a convolution, one that doubles the size, one of 1x1, and the last."""
    random = np.random.default_rng(0)
    graph = OnnxGraph("decoder", {"x": (1, 4, 8, 8)}, {"prediction": (1, 3, 16, 16)})
    for name, shape in KERNELS.items():
        graph.constant(name, random.normal(0, 0.2, shape).astype(np.float32))
    graph.node("Conv", ["x", "same"], "a", pads=[1, 1, 1, 1])
    graph.node("Relu", ["a"], "b")
    graph.node("ConvTranspose", ["b", "up"], "c", pads=[1, 1, 1, 1], strides=[2, 2])
    graph.node("Conv", ["c", "one"], "d")
    graph.node("Conv", ["d", "last"], "e", pads=[3, 3, 3, 3])
    graph.node("Sigmoid", ["e"], "prediction")
    return graph


def run(graph: OnnxGraph, x: np.ndarray, name: str = "prediction") -> np.ndarray:
    shown = replace(graph, outputs={name: (1, 3, 16, 16) if name == "prediction" else (1, 6, 8, 8)})
    (found,) = ReferenceEvaluator(shown.to_model({})).run(None, {"x": x})
    return np.asarray(found)


def test_the_last_convolution_and_those_of_1x1_stay(decoder):
    assert [node.input[1] for node in quantizable(decoder)] == ["same", "up"]


def test_results_are_near_and_kernels_small(decoder):
    x = np.random.default_rng(1).normal(0, 1, (1, 4, 8, 8)).astype(np.float32)
    expected, b = run(decoder, x), run(decoder, x, "b")
    ranges = {"x": Range(float(x.min()), float(x.max())), "b": Range(0.0, float(b.max()))}

    made = quantize(decoder, ranges)

    assert 0 < np.abs(run(made, x) - expected).max() < 0.02
    assert {made.initializers[f"{name}:int8"].dtype.name for name in ("same", "up")} == {"int8"}
    assert not {"same", "up"} & made.initializers.keys()
    np.testing.assert_array_equal(made.initializers["last"], decoder.initializers["last"])
    np.testing.assert_array_equal(run(decoder, x), expected)


def test_values_outside_the_range_are_clipped(decoder):
    large, one = np.full((1, 4, 8, 8), 100, np.float32), np.ones((1, 4, 8, 8), np.float32)
    made = quantize(decoder, {"x": Range(0.5, 1.0), "b": Range(0.0, 50.0)})
    np.testing.assert_allclose(run(made, large, "a"), run(made, one, "a"), atol=1e-5)
