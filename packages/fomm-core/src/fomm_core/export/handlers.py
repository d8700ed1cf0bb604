"""One handler per NNabla function: how it is said in ONNX (opset 20).

A handler gets the emitter, the NNabla function and the name to give to its output, appends
nodes and returns that name. Arguments that the networks never use are refused, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fomm_core.errors import ExportError
from fomm_core.export.emitter import Emitter

Handler = Callable[[Emitter, Any, str], str]


def _elementwise(op: str) -> Handler:
    """A function of one or more inputs without arguments."""

    def handle(emitter: Emitter, function: Any, name: str) -> str:
        return emitter.graph.node(op, map(emitter.name, function.inputs), name)

    return handle


def _with_scalar(op: str, reverse: bool = False) -> Handler:
    """A function of one input and the scalar argument ``val``."""

    def handle(emitter: Emitter, function: Any, name: str) -> str:
        operands = [
            emitter.name(function.inputs[0]),
            emitter.floats(function.info.args["val"]),
        ]
        return emitter.graph.node(op, operands[::-1] if reverse else operands, name)

    return handle


def _require(function: Any, **expected: Any) -> None:
    """Refuse a function whose arguments differ from those that its handler can express."""
    for key, value in expected.items():
        found = function.info.args[key]
        if found != value:
            kind = function.info.type_name
            raise ExportError(f"{kind}: expected {key} = {value}, found {found}")


def _convolution(emitter: Emitter, function: Any, name: str) -> str:
    _require(function, base_axis=1, channel_last=False)
    args = function.info.args
    return emitter.graph.node(
        "Conv",
        map(emitter.name, function.inputs),
        name,
        pads=args["pad"] * 2,
        strides=args["stride"],
        dilations=args["dilation"],
        group=args["group"],
    )


def _depthwise_convolution(emitter: Emitter, function: Any, name: str) -> str:
    _require(function, base_axis=1, multiplier=1)
    args = function.info.args
    image, weights, *bias = function.inputs
    kernel = emitter.add_constant(weights, np.array(weights.d)[:, None])
    return emitter.graph.node(
        "Conv",
        [emitter.name(image), kernel, *map(emitter.name, bias)],
        name,
        pads=args["pad"] * 2,
        strides=args["stride"],
        dilations=args["dilation"],
        group=image.shape[1],
    )


def _batch_normalization(emitter: Emitter, function: Any, name: str) -> str:
    _require(function, axes=[1], batch_stat=False, no_scale=False, no_bias=False)
    image, beta, gamma, mean, variance = function.inputs
    flat = emitter.integers([-1])
    statistics = [
        emitter.graph.node("Reshape", [emitter.name(v), flat], emitter.unique("statistics"))
        for v in (gamma, beta, mean, variance)
    ]
    epsilon = function.info.args["eps"]
    return emitter.graph.node(
        "BatchNormalization", [emitter.name(image), *statistics], name, epsilon=epsilon
    )


def _average_pooling(emitter: Emitter, function: Any, name: str) -> str:
    _require(function, ignore_border=True, pad=[0, 0], channel_last=False)
    args = function.info.args
    return emitter.graph.node(
        "AveragePool",
        [emitter.name(function.inputs[0])],
        name,
        kernel_shape=args["kernel"],
        strides=args["stride"],
    )


def _unpooling(emitter: Emitter, function: Any, name: str) -> str:
    _require(function, channel_last=False)
    scales = emitter.floats([1, 1, *function.info.args["kernel"]])
    return emitter.graph.node(
        "Resize",
        [emitter.name(function.inputs[0]), "", scales],
        name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _interpolate(emitter: Emitter, function: Any, name: str) -> str:
    aligned = function.info.args["align_corners"]
    _require(function, mode="linear", half_pixel=not aligned, channel_last=False)
    image = function.inputs[0]
    sizes = emitter.integers([*image.shape[:2], *function.info.args["output_size"]])
    return emitter.graph.node(
        "Resize",
        [emitter.name(image), "", "", sizes],
        name,
        mode="linear",
        coordinate_transformation_mode="align_corners" if aligned else "half_pixel",
    )


def _warp_by_grid(emitter: Emitter, function: Any, name: str) -> str:
    _require(function, mode="linear", padding_mode="zero", align_corners=True, channel_last=False)
    return emitter.graph.node(
        "GridSample",
        map(emitter.name, function.inputs),
        name,
        mode="linear",
        padding_mode="zeros",
        align_corners=1,
    )


def _concatenate(emitter: Emitter, function: Any, name: str) -> str:
    axis = function.info.args["axis"]
    return emitter.graph.node("Concat", map(emitter.name, function.inputs), name, axis=axis)


def _softmax(emitter: Emitter, function: Any, name: str) -> str:
    axis = function.info.args["axis"]
    return emitter.graph.node("Softmax", [emitter.name(function.inputs[0])], name, axis=axis)


def _transpose(emitter: Emitter, function: Any, name: str) -> str:
    axes = function.info.args["axes"]
    return emitter.graph.node("Transpose", [emitter.name(function.inputs[0])], name, perm=axes)


def _reshape(emitter: Emitter, function: Any, name: str) -> str:
    shape = emitter.integers(function.outputs[0].shape)
    return emitter.graph.node("Reshape", [emitter.name(function.inputs[0]), shape], name)


def _broadcast(emitter: Emitter, function: Any, name: str) -> str:
    shape = emitter.integers(function.outputs[0].shape)
    return emitter.graph.node("Expand", [emitter.name(function.inputs[0]), shape], name)


def _sum(emitter: Emitter, function: Any, name: str) -> str:
    args = function.info.args
    axes = emitter.integers(args["axes"])
    return emitter.graph.node(
        "ReduceSum",
        [emitter.name(function.inputs[0]), axes],
        name,
        keepdims=int(args["keep_dims"]),
    )


def _slice(emitter: Emitter, function: Any, name: str) -> str:
    args = function.info.args
    image = function.inputs[0]
    bounds = map(emitter.integers, (args["start"], args["stop"], range(image.ndim), args["step"]))
    return emitter.graph.node("Slice", [emitter.name(image), *bounds], name)


def _batch_matmul(emitter: Emitter, function: Any, name: str) -> str:
    operands = []
    for operand, key in zip(function.inputs, ("transpose_a", "transpose_b"), strict=True):
        operands.append(emitter.name(operand))
        if function.info.args[key]:
            axes = [*range(operand.ndim - 2), operand.ndim - 1, operand.ndim - 2]
            turned = emitter.unique("transposed")
            operands[-1] = emitter.graph.node("Transpose", [operands[-1]], turned, perm=axes)
    return emitter.graph.node("MatMul", operands, name)


HANDLERS: dict[str, Handler] = {
    "Add2": _elementwise("Add"),
    "AddScalar": _with_scalar("Add"),
    "AveragePooling": _average_pooling,
    "BatchMatmul": _batch_matmul,
    "BatchNormalization": _batch_normalization,
    "Broadcast": _broadcast,
    "Concatenate": _concatenate,
    "Convolution": _convolution,
    "DepthwiseConvolution": _depthwise_convolution,
    "Div2": _elementwise("Div"),
    "Exp": _elementwise("Exp"),
    "Identity": _elementwise("Identity"),
    "Interpolate": _interpolate,
    "Mul2": _elementwise("Mul"),
    "MulScalar": _with_scalar("Mul"),
    "PowScalar": _with_scalar("Pow"),
    "RSubScalar": _with_scalar("Sub", reverse=True),
    "ReLU": _elementwise("Relu"),
    "Reshape": _reshape,
    "Sigmoid": _elementwise("Sigmoid"),
    "Slice": _slice,
    "Softmax": _softmax,
    "Sub2": _elementwise("Sub"),
    "Sum": _sum,
    "Transpose": _transpose,
    "Unpooling": _unpooling,
    "WarpByGrid": _warp_by_grid,
}
