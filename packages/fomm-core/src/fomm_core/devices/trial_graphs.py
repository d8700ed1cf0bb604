"""ONNX graphs of a trial, for libraries that run such graphs and have no gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from fomm_core.devices.computation import PAD, FloatArray, TrialInputs
from fomm_core.utils.rng import make_rng

_OPSET, _IR_VERSION = 18, 8  # what the oldest of the libraries reads

Shape = tuple[int, ...]

CHANNELS, SIDE, LAYERS = 256, 64, 6
"""Convolutions of :func:`timing_graph`: those of vox-256's bottleneck, half as many."""


def trial_graph(inputs: TrialInputs) -> bytes:
    """A graph from ``image`` and ``values`` to ``convolution`` and ``mean`` (1,)."""
    nodes = [
        helper.make_node("Conv", ["image", "weight"], ["convolution"], pads=[PAD] * 4),
        helper.make_node("ReduceMean", ["values", "axes"], ["mean"], keepdims=1),
    ]
    shapes = {"image": inputs.image.shape, "values": inputs.values.shape}
    results = {"convolution": inputs.gradient.shape, "mean": (1,)}
    constants = {"weight": inputs.weight, "axes": np.array([0])}
    return _model(nodes, shapes, results, constants)


def timing_graph() -> bytes:
    """A graph of 3x3 convolutions, from ``image`` to ``result``: as much as fills a device."""
    scale = np.float32(1 / np.sqrt(9 * CHANNELS))
    shape = (CHANNELS, CHANNELS, 3, 3)
    weight = make_rng(0).standard_normal(shape, dtype=np.float32) * scale
    names = ["image", *(f"layer_{number}" for number in range(1, LAYERS)), "result"]
    nodes = [
        helper.make_node("Conv", [name, "weight"], [following], pads=[1] * 4)
        for name, following in pairwise(names)
    ]
    size = (1, CHANNELS, SIDE, SIDE)
    return _model(nodes, {"image": size}, {"result": size}, {"weight": weight})


def timing_image() -> FloatArray:
    """An input of :func:`timing_graph`."""
    return make_rng(1).standard_normal((1, CHANNELS, SIDE, SIDE), dtype=np.float32)


def _model(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    constants: Mapping[str, npt.NDArray[Any]],
) -> bytes:
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "trial", _ends(inputs), _ends(outputs), tensors)
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    return model.SerializeToString()


def _ends(shapes: Mapping[str, Shape]) -> list[ValueInfoProto]:
    kind = TensorProto.FLOAT
    return [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()]
