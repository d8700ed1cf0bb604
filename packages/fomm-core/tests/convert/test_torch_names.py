from __future__ import annotations

import json

import pytest

from fomm_core.convert.torch_names import (
    DERIVED,
    NETWORKS,
    TENSORS,
    DiscriminatorShape,
    Kind,
    discriminators_in,
    network_layers,
)

DISC = {
    "torch": [
        "discs.1.down_blocks.0.conv.weight_orig",
        "discs.1.down_blocks.1.conv.weight_u",
        "discs.0-5.down_blocks.0.conv.weight",
        "discs.0-5.conv.weight",
    ],
    "nnabla": [
        "discriminator/1/downblock_0/conv/W",
        "discriminator/1/downblock_1/conv/spectral-norm/u",
        "discriminator/0.5/downblock_0/conv/W",
        "discriminator/0.5/prediction/conv/W",
    ],
}


def nnabla_names(config, names):
    return [
        f"{layer.nnabla}/{tensor}"
        for network in NETWORKS
        for layer in network_layers(network, config, names)
        for _, tensor in TENSORS[layer.kind]
    ]


def changed(config, section, **values):
    """The configuration with other values in one section of the model."""
    data = config.model_dump()
    target = data["model_params"]
    for key in section.split("."):
        target = target[key]
    target.update(values)
    return type(config).model_validate(data)


def test_the_table_lists_the_golden_names_in_nnablas_order(mini, config):
    listed = list(json.loads((mini / "parameters.json").read_text()))
    assert nnabla_names(config, listed) == listed


def test_the_table_lists_the_names_of_the_full_model_in_nnablas_order(mini, config):
    listed = list(json.loads((mini.parent / "vox_adv_256_parameters.json").read_text()))
    data = config.model_dump()
    data["dataset_params"]["frame_shape"] = (256, 256, 3)
    generator = data["model_params"]["generator_params"]
    generator["num_bottleneck_blocks"] = 6
    for hourglass in (data["model_params"]["kp_detector_params"], generator["dense_motion_params"]):
        hourglass["num_blocks"] = 5
    vox = type(config).model_validate(data)
    assert nnabla_names(vox, listed) == listed


@pytest.mark.parametrize("form", ["torch", "nnabla"])
def test_discriminators_are_recognised_by_their_names(form):
    assert discriminators_in(DISC[form]) == [
        DiscriminatorShape("1", 2, spectral=True),
        DiscriminatorShape("0.5", 1, spectral=False),
    ]


def test_scales_are_written_without_dots_in_pytorch(config):
    layers = network_layers("discriminator", config, DISC["nnabla"])
    assert ("discs.0-5.conv", "discriminator/0.5/prediction/conv") in [
        (layer.torch, layer.nnabla) for layer in layers
    ]


@pytest.mark.parametrize(
    ("network", "section", "values", "gone"),
    [
        ("kp_detector", "common_params", {"estimate_jacobian": False}, "jacobian"),
        ("kp_detector", "kp_detector_params", {"scale_factor": 1.0}, "down"),
        (
            "generator",
            "generator_params",
            {"estimate_occlusion_map": False},
            "dense_motion_network.occlusion",
        ),
        (
            "generator",
            "generator_params.dense_motion_params",
            {"scale_factor": 1.0},
            "dense_motion_network.down",
        ),
    ],
)
def test_an_option_that_is_off_removes_its_layer_alone(config, network, section, values, gone):
    before = network_layers(network, config, [])
    after = network_layers(network, changed(config, section, **values), [])
    assert [layer for layer in before if layer.torch != gone] == after
    assert len(after) == len(before) - 1


def test_no_tensor_is_both_carried_and_derived():
    for kind in Kind:
        assert DERIVED.get(kind) not in [torch for torch, _ in TENSORS[kind]]
