"""The generator's last convolution, whose three maps leave most of a vector register idle."""

from __future__ import annotations

import numpy as np
import onnx

from fomm_core.graphs.onnx_graph import (
    Array,
    OnnxGraph,
    Shape,
    array_of,
    attributes_of,
    make_node,
)

_FEW = 4
"""Most maps of a convolution that is worth computing in blocks."""


def strided_last_convolution(graph: OnnxGraph) -> None:
    """A 7x7 convolution to few maps: 8x8 with stride 2 to four times the maps, then blocks.

    Each 2x2 block of pixels is computed as four maps; the sigmoid comes before the maps become
    pixels again. The taps that are added are zeros.
    """
    shapes = graph.shapes()
    for convolution in graph.nodes_of("Conv"):
        sigmoid = graph.sole_consumer(convolution.output[0])
        if sigmoid is None or sigmoid.op_type != "Sigmoid":
            continue
        if not _fits(graph, convolution, shapes[convolution.output[0]]):
            continue
        image, weights, bias = convolution.input
        kernel = graph.constant(f"{weights}:blocks", block_kernel(array_of(graph, weights)))
        offset = graph.constant(f"{bias}:blocks", np.repeat(array_of(graph, bias), 4))
        blocks = [f"{name}:blocks" for name in (convolution.output[0], sigmoid.output[0])]
        attributes = {**attributes_of(convolution), "strides": [2, 2]}
        graph.replace(
            convolution, make_node("Conv", [image, kernel, offset], blocks[:1], **attributes)
        )
        graph.replace(
            sigmoid,
            make_node("Sigmoid", blocks[:1], blocks[1:]),
            make_node("DepthToSpace", blocks[1:], sigmoid.output, blocksize=2, mode="CRD"),
        )


def block_kernel(weights: Array) -> Array:
    """(out, in, k, k) -> (4 out, in, k + 1, k + 1): the four kernels of a 2x2 block of pixels."""
    kernels = [
        np.pad(weights, ((0, 0), (0, 0), (row, 1 - row), (column, 1 - column)))
        for row in (0, 1)
        for column in (0, 1)
    ]
    blocks: Array = np.stack(kernels, axis=1).reshape(-1, *kernels[0].shape[1:])
    return blocks


def _fits(graph: OnnxGraph, convolution: onnx.NodeProto, output: Shape) -> bool:
    """Whether a convolution has few maps of even size, as large as its input."""
    maps, _, *kernel = array_of(graph, convolution.input[1]).shape
    side = kernel[0]
    plain = {"pads": [side // 2] * 4, "strides": [1, 1], "dilations": [1, 1], "group": 1}
    return (
        len(convolution.input) == 3
        and maps <= _FEW
        and kernel == [side, side]
        and side % 2 == 1
        and attributes_of(convolution) == plain
        and not any(length % 2 for length in output[2:])
    )
