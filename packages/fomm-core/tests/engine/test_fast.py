"""Precision fast is near float32, as rounding to bfloat16 in float32 shows on any CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import onnx
import pytest

from fomm_core.engine import openvino, openvino_models
from fomm_core.engine.openvino import OpenVINOEngine
from fomm_core.graphs.narrow import convolution_region, narrowed
from fomm_core.graphs.onnx_graph import OnnxGraph, attributes_of, make_node


def emulated(graph: OnnxGraph, region: set[str]) -> OnnxGraph:
    """The graph that :func:`narrowed` gives, in float32 rounded to bfloat16's eight bits.

    x and (2^16 + 1) x - 2^16 x differ by what the last sixteen bits hold (Veltkamp).
    """
    cast = narrowed(graph, region, onnx.TensorProto.BFLOAT16)
    constants = {**graph.initializers, "splitter": np.float32(2**16 + 1)}
    nodes = [each for node in cast.nodes for each in _emulated_node(node)]
    return replace(cast, nodes=nodes, initializers=constants)


def _emulated_node(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    output = node.output[0]
    if node.op_type == "Cast" and not output.endswith(":narrow"):
        yield make_node("Identity", node.input, [output])
        return
    if not output.endswith(":narrow"):
        yield node
        return
    exact = node.input[0]
    if node.op_type != "Cast":
        exact = f"{output}:exact"
        yield make_node(node.op_type, node.input, [exact], **attributes_of(node))
    product, low = f"{output}:product", f"{output}:low"
    yield make_node("Mul", [exact, "splitter"], [product])
    yield make_node("Sub", [product, exact], [low])
    yield make_node("Sub", [product, low], [output])


@pytest.mark.once
def test_the_emulation_rounds_to_bfloat16(run_onnx):
    graph = OnnxGraph("test", {"x": (1, 4, 9, 9)}, {"y": (1, 4, 9, 9)})
    graph.node("Relu", ["x"], "y")
    x = np.random.default_rng(0).normal(0, 1, (1, 4, 9, 9)).astype(np.float32)
    bits = np.maximum(x, 0).view(np.uint32).astype(np.uint64)
    nearest = ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32)
    found = run_onnx(emulated(graph, {"y"}), x=x)["y"]
    np.testing.assert_array_equal(found, nearest.view(np.float32))


@pytest.fixture
def emulating(monkeypatch):
    """Engines at ``fast`` compute what a CPU with bfloat16 would, on any CPU."""

    def with_rounding(path, stage: str, casts: str) -> bytes:
        assert casts == "bf16"
        graph = OnnxGraph.load(path)
        region = convolution_region(graph, heads=stage != "keypoints")
        return emulated(graph, region).to_model({}).SerializeToString()

    monkeypatch.setattr(openvino_models, "_with_casts", with_rounding)
    monkeypatch.setattr(openvino, "has_bfloat16", lambda core: True)


@pytest.mark.once
def test_frames_and_keypoints_are_near_those_of_float32(emulating, avatar, sample):
    engines = [OpenVINOEngine(avatar.graphs, each, threads=1) for each in ("fp32", "fast")]
    decibel, apart = [], []
    for driving in sample.driving:
        detected = [engine.detect(driving).value for engine in engines]
        apart.append(64 * np.abs(detected[0] - detected[1]))  # pixels of 128
        frames = [
            engine.render(
                engine.encode(sample.source), engine.detect(sample.source), engine.detect(driving)
            ).prediction
            for engine in engines
        ]
        decibel.append(-10 * np.log10(np.mean((frames[0] - frames[1]) ** 2)))
    assert 48 <= min(decibel) < 100
    assert np.quantile(apart, 0.99) <= 0.3
