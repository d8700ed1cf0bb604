from __future__ import annotations

import json
import os
import pickle
import sys

import numpy as np
import pytest

from fomm_core.config import load_config
from fomm_core.convert.torch_checkpoint import anti_alias_kernel, from_torch, to_torch
from fomm_core.errors import OutputError, ParameterError
from fomm_core.model.parameters import load_parameters, save_parameters

NETWORKS = ("generator", "kp_detector", "discriminator")


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def save(torch, tmp_path):
    """Write a changed checkpoint."""

    def write(checkpoint):
        path = tmp_path / "changed.pth.tar"
        torch.save(checkpoint, path)
        return path

    return write


class Malicious:
    """An object whose pickle runs a command when loaded naively."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"echo ran > {self.marker}",)


@pytest.mark.parametrize("file_format", ["zip", "legacy"])
def test_both_file_formats_give_the_golden_names_and_shapes(torch, mini, config, file_format):
    parameters = from_torch(mini / f"torch_checkpoint_{file_format}.pth.tar", config)
    listed = json.loads((mini / "parameters.json").read_text())
    assert {name: list(value.shape) for name, value in parameters.items()} == listed
    assert list(parameters) == list(listed)
    assert {value.dtype for value in parameters.values()} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("torch_name", "nnabla_name"),
    [
        ("generator:first.conv.weight", "generator/downblock/conv/W"),
        ("generator:up_blocks.1.norm.weight", "generator/upblock_1/upblock/bn/gamma"),
        ("generator:bottleneck.r1.norm1.bias", "generator/residual_block_1/convblock_0/bn/beta"),
        ("generator:bottleneck.r1.conv1.weight", "generator/residual_block_1/convblock_0/conv/W"),
        (
            "generator:bottleneck.r0.norm2.running_var",
            "generator/residual_block_0/convblock_2/bn/var",
        ),
        ("generator:bottleneck.r0.conv2.bias", "generator/residual_block_0/convblock_2/conv/b"),
        (
            "generator:dense_motion_network.occlusion.weight",
            "generator/dense_motion_prediction/occlusion_map/conv/W",
        ),
        (
            "kp_detector:predictor.decoder.up_blocks.2.norm.running_mean",
            "kp_detector/hourglass/decoder/upblock_2/upblock/bn/mean",
        ),
        ("kp_detector:jacobian.bias", "kp_detector/jacobian_estimator/conv/b"),
        ("discriminator:discs.1.conv.weight_orig", "discriminator/1/prediction/conv/W"),
        (
            "discriminator:discs.1.down_blocks.1.conv.weight_u",
            "discriminator/1/downblock_1/conv/spectral-norm/u",
        ),
        (
            "discriminator:discs.1.down_blocks.2.norm.weight",
            "discriminator/1/downblock_2/instance_normalization/gamma",
        ),
    ],
)
def test_values_are_those_of_the_tensor(mini, config, checkpoint, torch_name, nnabla_name):
    network, name = torch_name.split(":")
    expected = checkpoint[network][name].numpy()
    found = from_torch(mini / "torch_checkpoint_zip.pth.tar", config)[nnabla_name]
    assert np.array_equal(found.reshape(expected.shape), expected)


def test_parameters_survive_the_way_to_pytorch_and_back(torch, mini, config, tmp_path):
    parameters = load_parameters(mini / "params.h5")
    to_torch(parameters, config, tmp_path / "a.pth.tar")
    save_parameters(tmp_path / "a.h5", from_torch(tmp_path / "a.pth.tar", config))
    back = load_parameters(tmp_path / "a.h5")
    assert list(back) == list(parameters)
    assert all(np.array_equal(back[name], parameters[name]) for name in parameters)


def test_a_checkpoint_survives_the_way_to_nnabla_and_back(
    torch, mini, config, checkpoint, tmp_path
):
    save_parameters(tmp_path / "a.h5", from_torch(mini / "torch_checkpoint_legacy.pth.tar", config))
    to_torch(load_parameters(tmp_path / "a.h5"), config, tmp_path / "a.pth.tar")
    back = torch.load(tmp_path / "a.pth.tar", weights_only=True)
    assert set(back) == {*NETWORKS, "epoch"}
    for network in NETWORKS:
        assert set(back[network]) == set(checkpoint[network])
        for name, value in checkpoint[network].items():
            assert back[network][name].dtype == value.dtype
            assert back[network][name].shape == value.shape
            if not name.endswith("weight_v"):
                assert torch.equal(back[network][name], value), name


def test_the_singular_vector_is_what_pytorch_computes_in_training(torch, mini, config, tmp_path):
    to_torch(load_parameters(mini / "params.h5"), config, tmp_path / "a.pth.tar")
    state = torch.load(tmp_path / "a.pth.tar", weights_only=True)["discriminator"]
    name = "discs.1.down_blocks.1.conv"
    weight, u = state[f"{name}.weight_orig"], state[f"{name}.weight_u"]
    layer = torch.nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:])
    layer = torch.nn.utils.spectral_norm(layer)
    layer.weight_orig.data, layer.weight_u = weight, u.clone()
    layer.train()(torch.zeros(1, weight.shape[1], 8, 8))
    torch.testing.assert_close(state[f"{name}.weight_v"], layer.weight_v)


def test_the_interim_model_is_converted_without_a_discriminator(torch, interim):
    config = load_config(interim / "config.yaml")
    parameters = from_torch(interim / "checkpoint.pth.tar", config)
    assert {name.split("/")[0] for name in parameters} == {"kp_detector", "generator"}
    trained = sum(v.size for n, v in parameters.items() if not n.endswith(("/mean", "/var")))
    assert round(trained / 1e6, 2) == 4.88
    assert parameters["kp_detector/keypoint_detector/conv/W"].shape == (20, 35, 7, 7)


@pytest.mark.parametrize("scale_factor", [0.5, 0.25, 0.125])
def test_the_gaussian_is_normalised_symmetric_and_of_the_right_width(torch, scale_factor):
    kernel = anti_alias_kernel(scale_factor, 3)
    sigma = (1 / scale_factor - 1) / 2
    width = {0.5: 5, 0.25: 13, 0.125: 29}[scale_factor]
    assert kernel.shape == (3, 1, width, width)
    plane = kernel[0, 0].astype(np.float64)
    assert plane.sum() == pytest.approx(1, abs=1e-6)
    assert np.array_equal(plane, plane[::-1, ::-1])
    middle = width // 2
    assert plane[middle, middle + 1] / plane[middle, middle] == pytest.approx(
        np.exp(-1 / (2 * sigma**2)), rel=1e-6
    )


def test_a_checkpoint_from_before_the_batch_counter_is_read(checkpoint, save, config):
    complete = from_torch(save(checkpoint), config)
    for network in NETWORKS:
        for name in [n for n in checkpoint[network] if n.endswith("num_batches_tracked")]:
            del checkpoint[network][name]
    assert list(from_torch(save(checkpoint), config)) == list(complete)


def test_a_half_precision_checkpoint_is_read_as_float32(checkpoint, save, config):
    name = "kp.weight"
    half = checkpoint["kp_detector"][name].half()
    checkpoint["kp_detector"][name] = half
    found = from_torch(save(checkpoint), config)["kp_detector/keypoint_detector/conv/W"]
    assert found.dtype == np.float32
    assert np.array_equal(found, half.float().numpy())


@pytest.mark.parametrize("old", [False, True])
def test_a_pickle_with_code_is_refused_and_not_run(torch, checkpoint, config, tmp_path, old):
    marker, path = tmp_path / "marker", tmp_path / "evil.pth.tar"
    checkpoint["generator"]["first.conv.bias"] = Malicious(marker)
    torch.save(checkpoint, path, _use_new_zipfile_serialization=not old)
    with pytest.raises(ParameterError, match=r"evil\.pth\.tar: .* could run code"):
        from_torch(path, config)
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists(), "the file is harmless: this test would not notice its loading"


def test_a_plain_pickle_with_code_is_refused_and_not_run(torch, config, tmp_path):
    marker, path = tmp_path / "marker", tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Malicious(marker)))
    with pytest.raises(ParameterError):
        from_torch(path, config)
    assert not marker.exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize("file_format", ["zip", "legacy"])
def test_a_truncated_file_is_a_parameter_error(torch, mini, config, tmp_path, file_format, share):
    whole = (mini / f"torch_checkpoint_{file_format}.pth.tar").read_bytes()
    path = tmp_path / "cut.pth.tar"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ParameterError, match=r"cut\.pth\.tar") as caught:
        from_torch(path, config)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_parameter_error(torch, config, tmp_path):
    with pytest.raises(ParameterError, match="expected a PyTorch checkpoint, found none"):
        from_torch(tmp_path / "none.pth", config)


def test_a_bare_tensor_is_a_parameter_error(torch, config, save):
    with pytest.raises(ParameterError, match="one entry per network, found Tensor"):
        from_torch(save(torch.zeros(1)), config)


def test_a_missing_network_is_named(checkpoint, save, config):
    del checkpoint["generator"]
    with pytest.raises(ParameterError, match="network 'generator', found kp_detector"):
        from_torch(save(checkpoint), config)


def test_a_network_of_another_method_is_named(checkpoint, save, config):
    checkpoint["he_estimator"] = {"conv.weight": checkpoint["generator"]["first.conv.weight"]}
    with pytest.raises(ParameterError, match="found 'he_estimator'"):
        from_torch(save(checkpoint), config)


def test_an_unknown_tensor_is_named(torch, checkpoint, save, config):
    checkpoint["kp_detector"]["attention.weight"] = torch.zeros(1)
    with pytest.raises(ParameterError, match=r"kp_detector: attention\.weight: .* no layer"):
        from_torch(save(checkpoint), config)


def test_a_missing_tensor_is_named(checkpoint, save, config):
    del checkpoint["generator"]["bottleneck.r1.conv2.bias"]
    with pytest.raises(ParameterError, match=r"generator: bottleneck\.r1\.conv2\.bias: expected"):
        from_torch(save(checkpoint), config)


def test_a_tensor_that_is_not_finite_is_named(checkpoint, save, config):
    checkpoint["generator"]["final.bias"][1] = float("nan")
    with pytest.raises(ParameterError, match=r"final\.bias: expected finite values, found 1 of 3"):
        from_torch(save(checkpoint), config)


def test_something_else_than_a_tensor_is_named(checkpoint, save, config):
    checkpoint["generator"]["final.bias"] = [1.0, 2.0, 3.0]
    with pytest.raises(ParameterError, match=r"final\.bias: expected a dense tensor, found list"):
        from_torch(save(checkpoint), config)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("num_bottleneck_blocks: 2", "num_bottleneck_blocks: 3", r"bottleneck\.r2\.norm1\.bias"),
        ("num_bottleneck_blocks: 2", "num_bottleneck_blocks: 1", r"bottleneck\.r1\."),
        ("estimate_jacobian: true", "estimate_jacobian: false", r"kp_detector: jacobian\.weight"),
        ("scale_factor: 0.25", "scale_factor: 0.5", r"down\.weight: expected the Gaussian"),
    ],
)
def test_a_configuration_of_another_model_is_noticed(torch, mini, tmp_path, old, new, named):
    text = (mini / "config.yaml").read_text()
    assert old in text
    (tmp_path / "other.yaml").write_text(text.replace(old, new))
    with pytest.raises(ParameterError, match=named):
        from_torch(mini / "torch_checkpoint_zip.pth.tar", load_config(tmp_path / "other.yaml"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: p.pop("generator/final_conv/conv/b"), "^generator/final_conv/conv/b: expected"),
        (lambda p: p.update({"generator/x/W": p["generator/downblock/conv/W"]}), "^generator/x/W"),
        (lambda p: p.update({"conv1/conv/W": np.zeros(1)}), "^conv1/conv/W: expected a parameter"),
        (lambda p: p["generator/downblock/conv/b"].fill(np.nan), "generator/downblock/conv/b"),
    ],
)
def test_parameters_that_do_not_fit_are_named(torch, mini, config, tmp_path, change, named):
    parameters = load_parameters(mini / "params.h5")
    change(parameters)
    with pytest.raises(ParameterError, match=named):
        to_torch(parameters, config, tmp_path / "a.pth.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_output_error(torch, mini, config, tmp_path):
    with pytest.raises(OutputError, match="No such file"):
        to_torch(load_parameters(mini / "params.h5"), config, tmp_path / "none" / "a.pth.tar")


def test_without_pytorch_the_message_says_how_to_install_it(monkeypatch, config, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ParameterError, match=r"pip install 'fomm-core\[torch\]'"):
        from_torch(tmp_path / "a.pth.tar", config)
