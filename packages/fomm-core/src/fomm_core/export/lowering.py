"""Rewrites of an ONNX graph into cheaper forms with equal results.

Each rule takes the graph, changes every place where it fits and leaves the rest alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import onnx
from onnx import helper

from fomm_core.graphs.onnx_graph import Array, OnnxGraph, array_of, attributes_of

Rule = Callable[[OnnxGraph], None]

_PLAIN_3X3 = {"pads": [1] * 4, "strides": [1, 1], "dilations": [1, 1], "group": 1}
"""Attributes of a convolution that, with 3x3 weights, keeps the size."""


def fold_reshape(graph: OnnxGraph) -> None:
    """A constant that is reshaped: a constant of that shape."""
    for reshape in _nodes(graph, "Reshape"):
        name, shape = reshape.input
        if name in graph.initializers and reshape.output[0] not in graph.outputs:
            array = graph.initializers[name].reshape(array_of(graph, shape))
            graph.constant(reshape.output[0], array)
            graph.replace(reshape)


def fold_batch_normalization(graph: OnnxGraph) -> None:
    """Convolution, then batch normalisation: one convolution with scaled weights."""
    for convolution in _nodes(graph, "Conv"):
        follower = graph.sole_consumer(convolution.output[0])
        if follower is None or follower.op_type != "BatchNormalization":
            continue
        if len(convolution.input) != 3 or not _are_its_own(graph, convolution.input[1:]):
            continue
        gamma, beta, mean, variance = (
            array_of(graph, name).astype(np.float64) for name in follower.input[1:]
        )
        weights, bias = (array_of(graph, name) for name in convolution.input[1:])
        scale = gamma / np.sqrt(variance + attributes_of(follower)["epsilon"])
        folded = weights * scale[:, None, None, None]
        shift = (bias - mean) * scale + beta
        _retarget(graph, convolution, follower.output[0], folded, shift)
        graph.replace(follower)


def up_scaling_convolution(graph: OnnxGraph) -> None:
    """Nearest x2, then a 3x3 convolution: one 4x4 transposed convolution with stride 2."""
    for resize in _nodes(graph, "Resize"):
        convolution = graph.sole_consumer(resize.output[0])
        if not _is_nearest_x2(graph, resize) or convolution is None:
            continue
        attributes = attributes_of(convolution) if convolution.op_type == "Conv" else {}
        if attributes != _PLAIN_3X3:
            continue
        weights = array_of(graph, convolution.input[1])
        if weights.shape[2:] != (3, 3):
            continue
        kernel = f"{convolution.input[1]}:transposed"
        graph.constant(kernel, transposed_kernel(weights))
        transposed = helper.make_node(
            "ConvTranspose",
            [resize.input[0], kernel, *convolution.input[2:]],
            list(convolution.output),
            name=convolution.name,
            strides=[2, 2],
            pads=[1] * 4,
        )
        graph.replace(resize)
        graph.replace(convolution, transposed)


def transposed_kernel(weights: Array) -> Array:
    """(out, in, 3, 3) for a convolution after nearest x2 -> (in, out, 4, 4) on the input.

    Along an axis, tap k of the 4 gathers the taps 2 - k and 3 - k of the 3.
    """
    gather = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=np.float64)
    kernel: Array = np.einsum("kr,oirs,ls->iokl", gather, weights, gather)
    return kernel.astype(np.float32)


RULES: tuple[Rule, ...] = (
    fold_reshape,
    fold_batch_normalization,
    up_scaling_convolution,
)


def lower(graph: OnnxGraph) -> OnnxGraph:
    """Apply all rules, in place, and return the graph."""
    for rule in RULES:
        rule(graph)
    graph.drop_unused()
    return graph


def _nodes(graph: OnnxGraph, op: str) -> list[onnx.NodeProto]:
    """The nodes of one kind, as a list of its own: rules change the graph as they go."""
    return [node for node in graph.nodes if node.op_type == op]


def _are_its_own(graph: OnnxGraph, names: Iterable[str]) -> bool:
    """Whether arrays are constant and read by one node alone."""
    return all(n in graph.initializers and len(graph.consumers(n)) == 1 for n in names)


def _is_nearest_x2(graph: OnnxGraph, resize: onnx.NodeProto) -> bool:
    """Whether a Resize node repeats every pixel 2x2."""
    if attributes_of(resize).get("mode") != b"nearest":
        return False
    return list(array_of(graph, resize.input[2])) == [1, 1, 2, 2]


def _retarget(
    graph: OnnxGraph, convolution: onnx.NodeProto, output: str, weights: Array, bias: Array
) -> None:
    """Give a convolution other weights and another output."""
    names = [f"{name}:folded" for name in convolution.input[1:]]
    for name, array in zip(names, (weights, bias), strict=True):
        graph.constant(name, array.astype(np.float32))
    folded = helper.make_node(
        "Conv",
        [convolution.input[0], *names],
        [output],
        name=convolution.name,
        **attributes_of(convolution),
    )
    graph.replace(convolution, folded)
