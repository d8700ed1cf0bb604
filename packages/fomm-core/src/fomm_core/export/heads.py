"""The 7x7 heads of dense motion and of the keypoint detector.

Convolutions compute maps by sixteen, as many as a vector register holds; what is missing to the
next sixteen is computed for nothing.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import onnx

from fomm_core.graphs.onnx_graph import Array, OnnxGraph, array_of, attributes_of, make_node

_LANES = 16

_PLAIN = {"strides": [1, 1], "dilations": [1, 1], "group": 1}
"""Attributes, but for padding, of a convolution at every pixel."""


def join_heads(graph: OnnxGraph) -> None:
    """Convolutions of the same maps: one convolution, and its output split.

    Only where fewer maps are computed for nothing: the one of occlusion beside those of the mask.
    """
    for heads in _sharing_input(graph):
        kernels = [array_of(graph, head.input[1]) for head in heads]
        counts = [len(kernel) for kernel in kernels]
        if _computed(sum(counts)) >= sum(map(_computed, counts)):
            continue
        names = [head.output[0] for head in heads]
        joined = "+".join(names)
        biases = [array_of(graph, head.input[2]) for head in heads]
        inputs = [
            heads[0].input[0],
            graph.constant(f"{joined}:weights", np.concatenate(kernels)),
            graph.constant(f"{joined}:bias", np.concatenate(biases)),
        ]
        sizes = graph.constant(f"{joined}:sizes", np.array(counts, np.int64))
        graph.replace(
            heads[0],
            make_node("Conv", inputs, [joined], **attributes_of(heads[0])),
            make_node("Split", [joined, sizes], names, axis=1),
        )
        for head in heads[1:]:
            graph.replace(head)


def separate_heads(graph: OnnxGraph) -> None:
    """A square convolution: its columns as maps of their own, which a second one adds up.

    7x7 to n maps becomes 7x1 to 7 n and 1x7 to n, whose weights are zeros and ones. Equal but for
    the order of a sum; done where that many maps waste so much less that it makes up for the
    second convolution.
    """
    for head in graph.nodes_of("Conv"):
        if len(head.input) != 3 or not _is_square(graph, head):
            continue
        weights = array_of(graph, head.input[1])
        if not _pays(*weights.shape[:3]):
            continue
        image, name, bias = head.input
        columns, total = separated_kernels(weights)
        kernels = [
            graph.constant(f"{name}:columns", columns),
            graph.constant(f"{name}:total", total),
        ]
        top, left, bottom, right = attributes_of(head)["pads"]
        inner = f"{head.output[0]}:columns"
        graph.replace(
            head,
            make_node("Conv", [image, kernels[0]], [inner], pads=[top, 0, bottom, 0], **_PLAIN),
            make_node(
                "Conv", [inner, kernels[1], bias], head.output, pads=[0, left, 0, right], **_PLAIN
            ),
        )


def separated_kernels(weights: Array) -> tuple[Array, Array]:
    """(n, in, k, k) -> (k n, in, k, 1), column by column, and what adds up: (n, k n, 1, k)."""
    count, _, _, side = weights.shape
    columns = np.concatenate([weights[..., i : i + 1] for i in range(side)])
    ones = np.einsum("no,si->nsoi", np.eye(count), np.eye(side))
    return columns, ones.reshape(count, side * count, 1, side).astype(np.float32)


def _sharing_input(graph: OnnxGraph) -> list[list[onnx.NodeProto]]:
    """Convolutions with bias, grouped by input, size of the kernel and attributes."""
    groups = defaultdict(list)
    for head in graph.nodes_of("Conv"):
        if len(head.input) == 3 and attributes_of(head).get("group", 1) == 1:
            size = array_of(graph, head.input[1]).shape[2:]
            groups[(head.input[0], size, repr(attributes_of(head)))].append(head)
    return [heads for heads in groups.values() if len(heads) > 1]


def _is_square(graph: OnnxGraph, head: onnx.NodeProto) -> bool:
    """Whether a convolution has a square kernel, and nothing special but padding."""
    attributes = attributes_of(head)
    height, width = array_of(graph, head.input[1]).shape[2:]
    return height == width and {**attributes, **_PLAIN} == attributes


def _pays(maps: int, channels: int, side: int) -> bool:
    """Whether two convolutions take less than 0.9 of one's multiplications, idle ones included."""
    if maps <= _LANES:
        return False
    whole = side**2 * channels * _computed(maps)
    columns = side * channels * _computed(side * maps)
    total = side * (side * maps) * _computed(maps)
    return columns + total < 0.9 * whole


def _computed(maps: int) -> int:
    """Maps that are computed for so many wanted: the next multiple of sixteen."""
    return -(-maps // _LANES) * _LANES
