"""Rewrites of an ONNX graph into cheaper forms with equal results.

Each rule takes the graph, changes every place where it fits and leaves the rest alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import onnx

from fomm_core.export.heads import join_heads, separate_heads
from fomm_core.export.last_convolution import strided_last_convolution
from fomm_core.graphs.onnx_graph import Array, OnnxGraph, array_of, attributes_of, make_node
from fomm_core.graphs.up_scaling import transpose_up_scaling

Rule = Callable[[OnnxGraph], None]


def fold_reshape(graph: OnnxGraph) -> None:
    """A constant that is reshaped: a constant of that shape."""
    for reshape in graph.nodes_of("Reshape"):
        name, shape = reshape.input
        if name in graph.initializers and reshape.output[0] not in graph.outputs:
            array = graph.initializers[name].reshape(array_of(graph, shape))
            graph.constant(reshape.output[0], array)
            graph.replace(reshape)


def fold_batch_normalization(graph: OnnxGraph) -> None:
    """Convolution, then batch normalisation: one convolution with scaled weights."""
    for convolution in graph.nodes_of("Conv"):
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


RULES: tuple[Rule, ...] = (
    fold_reshape,
    fold_batch_normalization,
    transpose_up_scaling,
    join_heads,
    separate_heads,
    strided_last_convolution,
)
"""In the order in which they are applied."""


def lower(graph: OnnxGraph) -> OnnxGraph:
    """Apply all rules, in place, and return the graph."""
    for rule in RULES:
        rule(graph)
    graph.drop_unused()
    return graph


def _are_its_own(graph: OnnxGraph, names: Iterable[str]) -> bool:
    """Whether arrays are constant and read by one node alone."""
    return all(n in graph.initializers and len(graph.consumers(n)) == 1 for n in names)


def _retarget(
    graph: OnnxGraph, convolution: onnx.NodeProto, output: str, weights: Array, bias: Array
) -> None:
    """Give a convolution other weights and another output."""
    names = [f"{name}:folded" for name in convolution.input[1:]]
    for name, array in zip(names, (weights, bias), strict=True):
        graph.constant(name, array.astype(np.float32))
    folded = make_node(
        "Conv", [convolution.input[0], *names], [output], **attributes_of(convolution)
    )
    graph.replace(convolution, folded)
