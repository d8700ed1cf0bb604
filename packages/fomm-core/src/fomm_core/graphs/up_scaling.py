"""Nearest x2 and a 3x3 convolution: the same as one transposed convolution.

Either form may be the faster: the transposed one multiplies less, the plain one leaves larger
matrices to multiply, which decides on small maps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

from fomm_core.graphs.onnx_graph import Array, OnnxGraph, array_of, attributes_of, make_node
from fomm_core.network.operations import upsampling_taps

SMALL = 4 * 4
"""Pixels of the largest maps on which the plain form is the faster in float32."""

_PLAIN = {"pads": [1] * 4, "strides": [1, 1], "dilations": [1, 1], "group": 1}
"""Attributes of a convolution that, with 3x3 weights, keeps the size."""

_TRANSPOSED = {"pads": [1] * 4, "strides": [2, 2]}
"""Attributes of a transposed convolution that, with 4x4 weights, doubles the size."""

_NEAREST = {
    "mode": b"nearest",
    "coordinate_transformation_mode": b"asymmetric",
    "nearest_mode": b"floor",
}
"""Attributes of a resizing that repeats pixels."""

_TAPS = upsampling_taps().astype(np.float64)


def transpose_up_scaling(graph: OnnxGraph) -> None:
    """Nearest x2, then a 3x3 convolution: one 4x4 transposed convolution with stride 2.

    Pairs whose input has at most :data:`SMALL` pixels stay.
    """
    shapes = graph.shapes()
    for resize, convolution in _plain_pairs(graph):
        if _pixels(shapes[resize.input[0]]) <= SMALL:
            continue
        name = f"{convolution.input[1]}:transposed"
        kernel = graph.constant(name, transposed_kernel(array_of(graph, convolution.input[1])))
        inputs = [resize.input[0], kernel, *convolution.input[2:]]
        graph.replace(resize)
        graph.replace(
            convolution, make_node("ConvTranspose", inputs, convolution.output, **_TRANSPOSED)
        )


def plain_up_scaling(graph: OnnxGraph, largest: int) -> None:
    """Undo :func:`transpose_up_scaling` where the input has at most ``largest`` pixels."""
    shapes = graph.shapes()
    for transposed in graph.nodes_of("ConvTranspose"):
        image, kernel, *bias = transposed.input
        weights = array_of(graph, kernel)
        if attributes_of(transposed) != _TRANSPOSED or weights.shape[2:] != (4, 4):
            continue
        if _pixels(shapes[image]) > largest:
            continue
        plain = graph.constant(f"{kernel}:plain", plain_kernel(weights))
        scales = graph.constant(f"{kernel}:scales", np.array([1, 1, 2, 2], np.float32))
        enlarged = f"{image}:enlarged"
        graph.replace(
            transposed,
            make_node("Resize", [image, "", scales], [enlarged], **_NEAREST),
            make_node("Conv", [enlarged, plain, *bias], transposed.output, **_PLAIN),
        )
    graph.drop_unused()


def transposed_kernel(weights: Array) -> Array:
    """(out, in, 3, 3) for a convolution after nearest x2 -> (in, out, 4, 4) on the input."""
    kernel: Array = np.einsum("kr,oirs,ls->iokl", _TAPS, weights, _TAPS)
    return kernel.astype(np.float32)


def plain_kernel(weights: Array) -> Array:
    """The weights of which :func:`transposed_kernel` makes ``weights``."""
    inverse = np.linalg.pinv(_TAPS)
    kernel: Array = np.einsum("rk,iokl,sl->oirs", inverse, weights, inverse)
    return kernel.astype(np.float32)


def _plain_pairs(graph: OnnxGraph) -> Iterator[tuple[onnx.NodeProto, onnx.NodeProto]]:
    """Each nearest x2 with the 3x3 convolution that alone reads it."""
    for resize in graph.nodes_of("Resize"):
        convolution = graph.sole_consumer(resize.output[0])
        if (
            convolution is None
            or convolution.op_type != "Conv"
            or not _is_nearest_x2(graph, resize)
        ):
            continue
        weights = array_of(graph, convolution.input[1])
        if attributes_of(convolution) == _PLAIN and weights.shape[2:] == (3, 3):
            yield resize, convolution


def _is_nearest_x2(graph: OnnxGraph, resize: onnx.NodeProto) -> bool:
    """Whether a Resize node repeats every pixel 2x2."""
    if attributes_of(resize) != _NEAREST:
        return False
    return list(array_of(graph, resize.input[2])) == [1, 1, 2, 2]


def _pixels(shape: tuple[int, ...]) -> int:
    """Pixels of maps (B, C, H, W)."""
    return shape[2] * shape[3]
