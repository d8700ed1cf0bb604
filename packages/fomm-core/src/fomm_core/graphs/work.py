"""The work that a graph is: the multiplications of its convolutions and matrix products."""

from __future__ import annotations

from math import prod

import onnx

from fomm_core.graphs.onnx_graph import OnnxGraph, Shape


def count_macs(graph: OnnxGraph) -> int:
    """Count the multiplications (each with an addition) of one run of a graph.

    Those of convolutions, transposed convolutions and matrix products, as the graph has them;
    what works element by element, pools or samples is left out, and so is the work that an
    engine saves or adds by rewriting the graph.
    """
    shapes = graph.shapes() | {name: a.shape for name, a in graph.initializers.items()}
    return sum(_macs_of(node, shapes) for node in graph.nodes)


def _macs_of(node: onnx.NodeProto, shapes: dict[str, Shape]) -> int:
    """The multiplications of one node; 0 for what is not counted."""
    if node.op_type == "Conv":  # weights (out, in / groups, kh, kw)
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":  # weights (in, out / groups, kh, kw)
        return prod(shapes[node.input[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "MatMul":
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    return 0
