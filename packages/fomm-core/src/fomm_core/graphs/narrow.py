"""Convolutions in fewer bits, everything else in float32 (``--precision fast``).

Coordinates, heat maps, soft-argmax, masks, warps, resized grids and the last blend decide where
things are: half a pixel is what bfloat16 leaves of a coordinate at 256. They stay in float32, by
casts around the convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import onnx

from fomm_core.graphs.onnx_graph import OnnxGraph, attributes_of, make_node
from fomm_core.graphs.up_scaling import plain_up_scaling

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_FOLLOWERS = ("Relu", "AveragePool", "BatchNormalization", "Add", "Concat", "Resize")
"""Kinds of nodes that, behind a convolution, work on maps as it does."""

_LARGEST_PLAIN = 8 * 8
"""Pixels of the largest maps on which bfloat16 does up-scaling faster in the plain form."""

_SUFFIX = ":narrow"


def in_bfloat16(graph: OnnxGraph, heads: bool) -> OnnxGraph:
    """The graph with its convolutions in bfloat16.

    Args:
        graph: an exported graph with its parameters; it is changed.
        heads: also convolutions that no ReLU follows. Those of the keypoint detector make heat
            maps and jacobians and are left in float32.
    """
    plain_up_scaling(graph, _LARGEST_PLAIN)
    return narrowed(graph, convolution_region(graph, heads), onnx.TensorProto.BFLOAT16)


def convolution_region(graph: OnnxGraph, heads: bool = True) -> set[str]:
    """The outputs of all convolutions and of what follows them up to other kinds of nodes.

    Depthwise convolutions, which scale images down, are none of them.

    Args:
        graph: a graph whose batch normalisations are folded where a convolution precedes.
        heads: also convolutions that no ReLU follows.
    """
    region: set[str] = set()
    for node in graph.nodes:
        (output, *_) = node.output
        if node.op_type in _CONVOLUTIONS:
            inside = attributes_of(node).get("group", 1) == 1 and (
                heads or _is_activated(graph, output)
            )
        else:
            inside = _is_follower(node) and not region.isdisjoint(node.input)
        if inside:
            region.add(output)
    return region


def narrowed(graph: OnnxGraph, region: set[str], kind: int) -> OnnxGraph:
    """The graph with some nodes in another element type, and casts around them.

    Args:
        graph: the graph, which stays as it is.
        region: the outputs of the nodes; all their inputs are maps or weights, but for those of
            ``Resize``.
        kind: the element type, of ``onnx.TensorProto``.
    """
    nodes: list[onnx.NodeProto] = []
    cast: set[str] = set()
    for node in graph.nodes:
        if node.output[0] not in region:
            nodes.append(node)
            continue
        for name in _maps(node):
            if name not in region and name not in cast:
                nodes.append(make_node("Cast", [name], [name + _SUFFIX], to=kind))
                cast.add(name)
        nodes += _narrowed_node(graph, node, region)
    return replace(graph, nodes=nodes)


def _narrowed_node(
    graph: OnnxGraph, node: onnx.NodeProto, region: set[str]
) -> Iterator[onnx.NodeProto]:
    """A node of the region and, where others read its output, the cast back to float32."""
    maps = set(_maps(node))
    inputs = [name + _SUFFIX if name in maps else name for name in node.input]
    (output,) = node.output
    yield make_node(node.op_type, inputs, [output + _SUFFIX], **attributes_of(node))
    outside = any(each.output[0] not in region for each in graph.consumers(output))
    if outside or output in graph.outputs:
        yield make_node("Cast", [output + _SUFFIX], [output], to=onnx.TensorProto.FLOAT)


def _maps(node: onnx.NodeProto) -> list[str]:
    """The inputs of a node that are maps or weights; scales and sizes are none."""
    return list(node.input[:1] if node.op_type == "Resize" else node.input)


def _is_activated(graph: OnnxGraph, output: str) -> bool:
    return any(node.op_type == "Relu" for node in graph.consumers(output))


def _is_follower(node: onnx.NodeProto) -> bool:
    """Whether a node works on maps; linear resizing does not repeat pixels and stays exact."""
    if node.op_type == "Resize":
        return bool(attributes_of(node)["mode"] == b"nearest")
    return node.op_type in _FOLLOWERS
