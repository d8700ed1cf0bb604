"""INT8 convolutions in a decoder: static quantization with QuantizeLinear and DequantizeLinear."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import helper

from fomm_core.graphs.onnx_graph import Array, OnnxGraph, array_of

_KERNEL = 1
_OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1}
_LEAST_SCALE = 1e-8


@dataclass(frozen=True)
class Range:
    """Values that a tensor takes: mean over frames of the least and of the largest one."""

    low: float
    high: float


def quantizable(graph: OnnxGraph) -> list[onnx.NodeProto]:
    """The convolutions of a decoder whose inputs and kernels may be rounded to 8 bits.

    All but the last one, which makes the colours, and those of 1x1, which weigh the features of
    the motion. Nothing else of a decoder is one: what warps and blends keeps its precision.
    """
    convolutions = [node for node in graph.nodes if node.op_type in _OUTPUT_AXIS]
    return [
        node
        for node in convolutions[:-1]
        if np.prod(array_of(graph, node.input[_KERNEL]).shape[2:]) > 1
    ]


def quantize(graph: OnnxGraph, ranges: Mapping[str, Range]) -> OnnxGraph:
    """The graph with those convolutions in INT8.

    Kernels are int8, one scale for each output channel; inputs are uint8 with one scale and zero
    point (Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", Section 2.1).

    Args:
        graph: a decoder, lowered.
        ranges: of the inputs of all :func:`quantizable` convolutions, by name.
    """
    made = replace(graph, nodes=deepcopy(graph.nodes), initializers=dict(graph.initializers))
    rounded: dict[str, str] = {}
    for node in quantizable(made):
        place = next(i for i, other in enumerate(made.nodes) if other is node)
        source, kernel = node.input[0], node.input[_KERNEL]
        inserted = []
        if source not in rounded:
            rounded[source] = f"{source}:rounded"
            inserted += _rounding(made, source, rounded[source], ranges[source])
        inserted.append(_packed(made, kernel, _OUTPUT_AXIS[node.op_type]))
        node.input[0], node.input[_KERNEL] = rounded[source], inserted[-1].output[0]
        made.nodes[place:place] = inserted
    made.drop_unused()
    return made


def _rounding(graph: OnnxGraph, name: str, output: str, span: Range) -> list[onnx.NodeProto]:
    """Nodes that round a tensor to 256 steps, zero among them."""
    low, high = min(span.low, 0.0), max(span.high, 0.0)
    scale = max((high - low) / 255, _LEAST_SCALE)
    step = graph.constant(f"{name}:scale", np.array(scale, np.float32))
    zero = graph.constant(f"{name}:zero", np.array(np.clip(round(-low / scale), 0, 255), np.uint8))
    return [
        helper.make_node("QuantizeLinear", [name, step, zero], [f"{name}:uint8"]),
        helper.make_node("DequantizeLinear", [f"{name}:uint8", step, zero], [output]),
    ]


def _packed(graph: OnnxGraph, kernel: str, axis: int) -> onnx.NodeProto:
    """Store a kernel as int8; gives the node that unpacks it."""
    array: Array = array_of(graph, kernel)
    others = tuple(i for i in range(array.ndim) if i != axis)
    scale = np.maximum(np.abs(array).max(axis=others) / 127, _LEAST_SCALE).astype(np.float32)
    shape = [-1 if i == axis else 1 for i in range(array.ndim)]
    levels = np.clip(np.rint(array / scale.reshape(shape)), -127, 127).astype(np.int8)
    ends = [
        graph.constant(f"{kernel}:int8", levels),
        graph.constant(f"{kernel}:scale", scale),
        graph.constant(f"{kernel}:zero", np.zeros(len(scale), np.int8)),
    ]
    return helper.make_node("DequantizeLinear", ends, [f"{kernel}:unpacked"], axis=axis)
