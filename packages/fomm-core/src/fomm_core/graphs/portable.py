"""Equal forms of a graph for other runtimes than OpenVINO: operations that more of them have."""

from __future__ import annotations

import numpy as np
import onnx

from fomm_core.graphs.narrow import convolution_region, narrowed
from fomm_core.graphs.onnx_graph import OnnxGraph, array_of, attributes_of, make_node

GRID_SAMPLE_OPSETS = (20, 19)
"""Operator sets to try in turn: ``GridSample`` has a definition of opset 20, and one of 16 that
holds until 19. A runtime may have either on its accelerator, and the other on the CPU alone."""

_SCALED = ":scaled"

_MODE_BEFORE_20 = {b"linear": "bilinear", b"cubic": "bicubic"}


def make_portable(graph: OnnxGraph) -> OnnxGraph:
    """Rewrite in place what Core ML lacks, and return the graph."""
    scale_and_shift(graph)
    concatenate_copies(graph)
    graph.drop_unused()
    return graph


def in_float16(graph: OnnxGraph) -> OnnxGraph:
    """Rewrite as :func:`make_portable` does, with the convolutions in float16.

    What decides where things are, such as grids and sampling, stays in float32.
    """
    region = convolution_region(graph)
    make_portable(graph)
    scaled = {f"{name}{_SCALED}" for name in region}
    return narrowed(graph, region | scaled, onnx.TensorProto.FLOAT16)


def scale_and_shift(graph: OnnxGraph) -> None:
    """Replace batch normalisations that no convolution took in by a product and a sum.

    The graph is changed; its values stay, but for rounding.
    """
    for node in graph.nodes_of("BatchNormalization"):
        gamma, beta, mean, variance = (
            array_of(graph, name).astype(np.float64) for name in node.input[1:]
        )
        scale = gamma / np.sqrt(variance + attributes_of(node)["epsilon"])
        output = node.output[0]
        factors = {f"{output}:scale": scale, f"{output}:shift": beta - mean * scale}
        for name, array in factors.items():
            graph.constant(name, array.astype(np.float32).reshape(-1, 1, 1))
        scaled = f"{output}{_SCALED}"
        product = make_node("Mul", [node.input[0], f"{output}:scale"], [scaled])
        graph.replace(node, product, make_node("Add", [scaled, f"{output}:shift"], [output]))


def concatenate_copies(graph: OnnxGraph) -> None:
    """Replace each ``Expand`` of the second axis from length 1 to n by a ``Concat`` of n copies.

    The graph is changed; its values stay.
    """
    shapes = graph.shapes()
    for node in graph.nodes_of("Expand"):
        before, after = shapes.get(node.input[0], ()), shapes[node.output[0]]
        if before == (*after[:1], 1, *after[2:]):
            copies = [node.input[0]] * after[1]
            graph.replace(node, make_node("Concat", copies, list(node.output), axis=1))


def with_opset(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The same model in an older operator set of :data:`GRID_SAMPLE_OPSETS`.

    Of the operations that exported graphs have, ``GridSample`` alone differs between these.
    """
    older = onnx.ModelProto()
    older.CopyFrom(model)
    older.opset_import[0].version = opset
    for node in older.graph.node:
        if node.op_type == "GridSample" and opset < 20:
            mode = next(attribute for attribute in node.attribute if attribute.name == "mode")
            mode.s = _MODE_BEFORE_20.get(mode.s, mode.s.decode()).encode()
    onnx.checker.check_model(older)
    return older
