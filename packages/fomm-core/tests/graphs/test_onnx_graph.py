"""Graphs are read back as they were written, and damaged files are told in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import ModelError
from fomm_core.graphs.onnx_graph import OnnxGraph

pytestmark = pytest.mark.once


@pytest.fixture
def graph() -> OnnxGraph:
    """One convolution that is large enough to be stored as float16, and an addition."""
    rng = np.random.default_rng(0)
    graph = OnnxGraph("test", {"x": (1, 8, 5, 6)}, {"y": (1, 16, 5, 6)})
    weights = graph.constant("W", rng.normal(0, 0.1, (16, 8, 3, 3)).astype(np.float32))
    bias = graph.constant("b", rng.normal(0, 0.1, 16).astype(np.float32))
    graph.node("Conv", ["x", weights, bias], "c", pads=[1] * 4)
    graph.node("Add", ["c", graph.constant("one", np.float32(1))], "y")
    return graph


def test_a_graph_is_read_back_equal(graph, tmp_path):
    graph.save(tmp_path / "motion.onnx", {})
    again = OnnxGraph.load(tmp_path / "motion.onnx")
    assert (again.name, again.inputs, again.outputs) == (graph.name, graph.inputs, graph.outputs)
    assert again.nodes == graph.nodes
    assert again.initializers.keys() == graph.initializers.keys()
    for name, array in graph.initializers.items():
        np.testing.assert_array_equal(again.initializers[name], array)


def test_halved_kernels_are_read_as_float32(graph, tmp_path):
    graph.save(tmp_path / "motion.onnx", {}, half=True)
    again = OnnxGraph.load(tmp_path / "motion.onnx")
    assert again.nodes == graph.nodes
    assert again.initializers["W"].dtype == np.float32
    rounded = graph.initializers["W"].astype(np.float16)
    np.testing.assert_array_equal(again.initializers["W"], rounded)
    np.testing.assert_array_equal(again.initializers["b"], graph.initializers["b"])


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x08\x09\x12" * 50])
def test_a_damaged_file(tmp_path, content):
    path = tmp_path / "motion.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"^.*motion.onnx: expected an ONNX graph, found[^\n]*$"):
        OnnxGraph.load(path)


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(ModelError, match="expected an ONNX graph, found none"):
        OnnxGraph.load(tmp_path / "motion.onnx")
