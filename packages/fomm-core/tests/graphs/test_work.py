"""The multiplications of a graph are those that are counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.graphs.work import count_macs
from fomm_core.model.bundle import EMBEDDED_MODELS, open_bundle

pytestmark = pytest.mark.once

SAME = {"pads": [1, 1, 1, 1]}
DOUBLE = {"pads": [1, 1, 1, 1], "strides": [2, 2]}


def graph_of(op: str, x: tuple, weights: tuple, y: tuple, **attributes) -> OnnxGraph:
    """One node with weights, and a ReLU, which counts nothing."""
    graph = OnnxGraph("one", {"x": x}, {"y": y})
    graph.constant("w", np.zeros(weights, np.float32))
    graph.node("Relu", [graph.node(op, ["x", "w"], "product", **attributes)], "y")
    return graph


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        # Each of 5 x 8 x 6 values is made of 3 maps' 3 x 3 pixels.
        (graph_of("Conv", (1, 3, 8, 6), (5, 3, 3, 3), (1, 5, 8, 6), **SAME), 5 * 8 * 6 * 27),
        # Halved: a quarter as many values.
        (graph_of("Conv", (1, 3, 8, 6), (5, 3, 4, 4), (1, 5, 4, 3), **DOUBLE), 5 * 4 * 3 * 48),
        # Depthwise: each map is made of one.
        (graph_of("Conv", (2, 4, 5, 5), (4, 1, 3, 3), (2, 4, 5, 5), group=4, **SAME), 2 * 900),
        # Each of 3 x 8 x 6 values goes into 5 maps' 4 x 4 pixels.
        (
            graph_of("ConvTranspose", (1, 3, 8, 6), (3, 5, 4, 4), (1, 5, 16, 12), **DOUBLE),
            3 * 8 * 6 * 80,
        ),
        (graph_of("MatMul", (10, 7, 2), (2, 3), (10, 7, 3)), 10 * 7 * 3 * 2),
        # Large enough for its values to be left out where shapes are found.
        (graph_of("MatMul", (4, 64), (64, 32), (4, 32)), 4 * 64 * 32),
    ],
    ids=["same", "strided", "depthwise", "transposed", "matrices", "large"],
)
def test_those_of_one_node(graph, expected):
    assert count_macs(graph) == expected


def test_those_of_a_models_encoder():
    graph = OnnxGraph.load(open_bundle(EMBEDDED_MODELS / "avatar").graphs["encoder"])
    seven = 128**2 * 16 * (3 * 7**2)
    down_blocks = 128**2 * 32 * (16 * 3**2) + 64**2 * 64 * (32 * 3**2)
    small = 32**2 * 3 * 13**2
    assert count_macs(graph) == seven + down_blocks + small
