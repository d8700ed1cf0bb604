"""Casts stand around convolutions, never around what makes coordinates."""

from __future__ import annotations

import onnx
import pytest

from fomm_core.graphs.narrow import convolution_region, in_bfloat16, narrowed
from fomm_core.graphs.onnx_graph import OnnxGraph, attributes_of
from fomm_core.model.bundle import STAGES, embedded_models, open_bundle

MAPS = {"Conv", "ConvTranspose", "Relu", "AveragePool", "BatchNormalization", "Add", "Concat"}
"""Kinds of nodes that may be computed in fewer bits, beside repeating pixels."""

OPTIONS = {
    "as published": {},
    "motion features": {
        "generator_params": {
            "motion_features": True,
            "skip": True,
            "align_corners": True,
            "dense_motion_params": {"jacobian_maps": True},
        }
    },
    "no occlusion map": {"generator_params": {"estimate_occlusion_map": False}},
    "no jacobian": {"common_params": {"estimate_jacobian": False}},
    "no down blocks": {"generator_params": {"num_down_blocks": 0}},
}


def embedded_graphs(name: str) -> dict[str, OnnxGraph]:
    paths = open_bundle(embedded_models()[name]).graphs
    return {stage: OnnxGraph.load(path) for stage, path in paths.items()}


def assert_coordinates_stay_exact(stage: str, graph: OnnxGraph) -> None:
    region = convolution_region(graph, heads=stage != "keypoints")
    inside = [node for node in graph.nodes if node.output[0] in region]
    outside = [node for node in graph.nodes if node.output[0] not in region]
    assert inside
    assert {node.op_type for node in inside} <= MAPS | {"Resize"}
    assert all(attributes_of(n)["mode"] == b"nearest" for n in inside if n.op_type == "Resize")
    left = [n for n in outside if n.op_type in ("Conv", "ConvTranspose")]
    left = [n for n in left if attributes_of(n).get("group", 1) == 1]
    if stage == "keypoints":  # the heads: seven pixels high, no ReLU behind
        assert {graph.initializers[node.input[1]].shape[2] for node in left} == {7}
        assert 1 <= len(left) <= 2
    else:
        assert not left


@pytest.mark.once
@pytest.mark.parametrize("name", ["avatar", "face"])
@pytest.mark.parametrize("stage", STAGES)
def test_regions_of_the_embedded_models(name, stage):
    assert_coordinates_stay_exact(stage, embedded_graphs(name)[stage])


@pytest.mark.parametrize("option", OPTIONS)
def test_regions_of_other_networks(nnabla, tiny, random_parameters, option):
    from fomm_core.export.exporter import export_graphs

    config = tiny(**OPTIONS[option])
    for stage, graph in export_graphs(config, random_parameters(config), "test").items():
        assert_coordinates_stay_exact(stage, graph)


@pytest.mark.once
@pytest.mark.parametrize("stage", STAGES)
def test_all_inputs_of_a_node_have_one_type(stage):
    """ONNX infers every type and refuses a node with several; Conv takes float16 there."""
    graph, half = embedded_graphs("face")[stage], onnx.TensorProto.FLOAT16
    model = narrowed(graph, convolution_region(graph, stage != "keypoints"), half).to_model({})
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    found = {v.name: v.type.tensor_type.elem_type for v in inferred.value_info}
    assert half in found.values()


@pytest.mark.once
def test_small_maps_are_enlarged_before_they_are_convolved():
    graph = embedded_graphs("face")["motion"]
    before = len(graph.nodes_of("ConvTranspose"))
    in_bfloat16(graph, heads=True)
    assert len(graph.nodes_of("ConvTranspose")) == before - 1
