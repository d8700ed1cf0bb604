"""Equal forms of a graph for other runtimes than OpenVINO: operations that more of them have."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from fomm_core.graphs.onnx_graph import OnnxGraph, array_of, attributes_of

GRID_SAMPLE_OPSETS = (20, 19)
"""Operator sets to try in turn: ``GridSample`` has a definition of opset 20, and one of 16 that
holds until 19. A runtime may have either on its accelerator, and the other on the CPU alone."""

_MODE_BEFORE_20 = {b"linear": "bilinear", b"cubic": "bicubic"}


def make_portable(graph: OnnxGraph) -> OnnxGraph:
    """Rewrite in place what Core ML lacks, and return the graph."""
    scale_and_shift(graph)
    concatenate_copies(graph)
    graph.drop_unused()
    return graph


def scale_and_shift(graph: OnnxGraph) -> None:
    """A batch normalisation that no convolution could take in: a product and a sum."""
    for node in [node for node in graph.nodes if node.op_type == "BatchNormalization"]:
        gamma, beta, mean, variance = (
            array_of(graph, name).astype(np.float64) for name in node.input[1:]
        )
        scale = gamma / np.sqrt(variance + attributes_of(node)["epsilon"])
        output = node.output[0]
        factors = {f"{output}:scale": scale, f"{output}:shift": beta - mean * scale}
        for name, array in factors.items():
            graph.constant(name, array.astype(np.float32).reshape(-1, 1, 1))
        scaled = f"{output}:scaled"
        product = helper.make_node("Mul", [node.input[0], f"{output}:scale"], [scaled])
        total = helper.make_node("Add", [scaled, f"{output}:shift"], [output])
        _replace(graph, node, product, total)


def concatenate_copies(graph: OnnxGraph) -> None:
    """An ``Expand`` of an axis of length 1, the second, to n: a concatenation of n copies."""
    for node in [node for node in graph.nodes if node.op_type == "Expand"]:
        if node.input[0] in graph.initializers or node.input[1] not in graph.initializers:
            continue
        shape = [int(length) for length in graph.initializers[node.input[1]]]
        if _shape_before(graph, node) != [shape[0], 1, *shape[2:]]:
            continue
        copies = [node.input[0]] * shape[1]
        _replace(graph, node, helper.make_node("Concat", copies, list(node.output), axis=1))


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


def _shape_before(graph: OnnxGraph, node: onnx.NodeProto) -> list[int]:
    """The shape of a node's first input, where a reshape gives it; empty where it is unknown."""
    makers = [maker for maker in graph.nodes if node.input[0] in maker.output]
    if len(makers) != 1 or makers[0].op_type != "Reshape":
        return []
    return [int(length) for length in graph.initializers.get(makers[0].input[1], ())]


def _replace(graph: OnnxGraph, old: onnx.NodeProto, *new: onnx.NodeProto) -> None:
    """Put nodes in the place of one."""
    position = next(i for i, node in enumerate(graph.nodes) if node is old)
    graph.nodes[position : position + 1] = new
