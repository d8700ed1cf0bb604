"""Forms of graphs for other runtimes: equal values, by operations that more of them have."""

from __future__ import annotations

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from fomm_core.engine.openvino_models import start_core
from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.graphs.portable import in_float16, make_portable, with_opset
from fomm_core.model.bundle import embedded_models, open_bundle


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def run(graph: OnnxGraph, **inputs: np.ndarray) -> list[np.ndarray]:
    return ReferenceEvaluator(graph.to_model({})).run(None, inputs)


def kinds(graph: OnnxGraph) -> list[str]:
    return [node.op_type for node in graph.nodes]


def test_a_batch_normalisation_is_a_product_and_a_sum(rng):
    image = rng.normal(size=(1, 3, 4, 5)).astype(np.float32)
    graph = OnnxGraph("g", {"x": image.shape}, {"y": image.shape})
    names = [
        graph.constant(name, rng.uniform(0.5, 2, 3).astype(np.float32))
        for name in ("gamma", "beta", "mean", "variance")
    ]
    graph.node("BatchNormalization", ["x", *names], "y", epsilon=1e-5)
    (expected,) = run(graph, x=image)
    (found,) = run(make_portable(graph), x=image)
    assert kinds(graph) == ["Mul", "Add"]
    assert set(graph.initializers) == {"y:scale", "y:shift"}
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 5, 2, 3), (2, 4, 3)])
def test_copies_are_concatenated(rng, shape):
    small = (shape[0], 1, *shape[2:])
    image = rng.normal(size=small).astype(np.float32)
    graph = OnnxGraph("g", {"x": image.shape}, {"y": shape})
    graph.constant("small", np.array(small))
    graph.constant("large", np.array(shape))
    graph.node("Reshape", ["x", "small"], "same")
    graph.node("Expand", ["same", "large"], "y")
    (expected,) = run(graph, x=image)
    (found,) = run(make_portable(graph), x=image)
    assert kinds(graph) == ["Reshape", "Concat"]
    np.testing.assert_array_equal(found, expected)


def test_an_expansion_of_another_axis_stays(rng):
    graph = OnnxGraph("g", {"x": (1, 1, 3)}, {"y": (4, 1, 3)})
    graph.constant("same", np.array((1, 1, 3)))
    graph.constant("large", np.array((4, 1, 3)))
    graph.node("Reshape", ["x", "same"], "z")
    graph.node("Expand", ["z", "large"], "y")
    assert kinds(make_portable(graph)) == ["Reshape", "Expand"]


def test_convolutions_are_halved_and_what_decides_where_things_are_is_not():
    path = open_bundle(embedded_models()["face"]).graphs["decoder"]
    graph = in_float16(OnnxGraph.load(path))
    halved = {node.op_type for node in graph.nodes if node.output[0].endswith(":narrow")}
    exact = {node.op_type for node in graph.nodes} - halved
    assert {"Conv", "ConvTranspose", "Relu", "Add", "Mul", "Cast"} >= halved
    assert {"GridSample", "Resize", "Sigmoid", "Sub"} <= exact
    outputs = [n.output[0] for n in graph.nodes if n.op_type in ("Conv", "ConvTranspose")]
    assert all(name.endswith(":narrow") for name in outputs)
    graph.to_model({})  # checks it


@pytest.mark.parametrize("opset", [20, 19])
def test_sampling_is_the_same_in_either_operator_set(rng, opset):
    core = start_core(0)  # onnx's own evaluator knows the newer words alone
    image = rng.normal(size=(1, 2, 4, 5)).astype(np.float32)
    grid = rng.uniform(-1.2, 1.2, size=(1, 3, 3, 2)).astype(np.float32)
    graph = OnnxGraph("g", {"x": image.shape, "grid": grid.shape}, {"y": (1, 2, 3, 3)})
    settings = {"mode": "linear", "padding_mode": "zeros", "align_corners": 1}
    graph.node("GridSample", ["x", "grid"], "y", **settings)
    older = with_opset(graph.to_model({}), opset)
    assert older.opset_import[0].version == opset
    (expected,) = run(graph, x=image, grid=grid)
    compiled = core.compile_model(core.read_model(older.SerializeToString()), "CPU")
    np.testing.assert_allclose(compiled([image, grid])["y"], expected, atol=1e-5)
