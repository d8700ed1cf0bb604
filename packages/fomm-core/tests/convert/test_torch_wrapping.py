from __future__ import annotations

import argparse
import logging

import numpy as np
import pytest

from fomm_core.convert.torch_checkpoint import from_torch
from fomm_core.errors import ParameterError

NETWORKS = ("kp_detector", "generator", "discriminator")


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def plain(checkpoint):
    """The networks' states alone."""
    return {network: dict(checkpoint[network]) for network in NETWORKS}


@pytest.fixture
def convert(torch, config, tmp_path):
    def run(content):
        torch.save(content, tmp_path / "other.pth")
        return from_torch(tmp_path / "other.pth", config)

    return run


def prefixed(state, prefix):
    return {f"{prefix}{name}": value for name, value in state.items()}


def together(plain, prefix=""):
    return {
        f"{prefix}{network}.{name}": value
        for network, state in plain.items()
        for name, value in state.items()
    }


def scaled(plain, factor):
    return {
        network: {name: value * factor for name, value in state.items()}
        for network, state in plain.items()
    }


WRAPPINGS = {
    "below state_dict": lambda plain: {"epoch": 3, "state_dict": plain},
    "below model": lambda plain: {"model": plain, "optimizer": {"state": {}, "param_groups": []}},
    "twice": lambda plain: {"checkpoint": {"model_state_dict": plain}, "step": 5},
    "in parallel": lambda plain: {n: prefixed(s, "module.") for n, s in plain.items()},
    "compiled": lambda plain: {n: prefixed(s, "_orig_mod.module.") for n, s in plain.items()},
    "one state": together,
    "one parallel state": lambda plain: {"state_dict": together(plain, "module.")},
    "as the original's full model": lambda plain: {
        "generator_full": None,
        "state_dict": {
            name.replace("kp_detector.", "kp_extractor."): value
            for name, value in together(plain).items()
        },
    },
    "each with its own": lambda plain: {
        n: {"state_dict": s, "optimizer": {"state": {}}} for n, s in plain.items()
    },
    "other titles": lambda plain: {f"{n}_state_dict": s for n, s in plain.items()},
    "means alone": lambda plain: {f"{n}_ema": s for n, s in plain.items()},
    "means of swa_utils": lambda plain: {
        "ema": {n: {"n_averaged": s["kp.bias" if n == "kp_detector" else next(iter(s))]}
                | prefixed(s, "module.") for n, s in plain.items()}
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WRAPPINGS)
def test_wrapped_checkpoints_are_read(convert, plain, name):
    expected, found = convert(plain), convert(WRAPPINGS[name](plain))
    assert list(found) == list(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


def test_the_weights_come_before_their_running_means(convert, plain, caplog):
    means = {f"{network}_ema": state for network, state in scaled(plain, 2).items()}
    expected = convert(plain)
    with caplog.at_level(logging.WARNING):
        found = convert({**means, **plain})
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)
    assert "'generator_ema' is passed over: 'generator' is taken" in caplog.text


def test_the_newer_spectral_normalisation_is_read(convert, plain):
    new = {
        name.replace(".weight_orig", ".parametrizations.weight.original")
        .replace(".weight_u", ".parametrizations.weight.0._u")
        .replace(".weight_v", ".parametrizations.weight.0._v"): value
        for name, value in plain["discriminator"].items()
    }
    expected, found = convert(plain), convert({**plain, "discriminator": new})
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
def test_other_precisions_are_read(torch, convert, plain, kind):
    dtype = getattr(torch, kind)
    other = {
        network: {name: v.to(dtype) if v.is_floating_point() else v for name, v in state.items()}
        for network, state in plain.items()
    }
    expected, found = convert(plain), convert(other)
    for key, value in expected.items():
        assert found[key].dtype == np.float32
        np.testing.assert_allclose(found[key], value, rtol=2**-8, atol=1e-6)


def test_numbers_and_options_of_the_trainer_are_passed_over(convert, plain):
    extra = {
        "args": argparse.Namespace(lr=1e-4),
        "best": np.float64(0.5),
        "loss": np.float32(1),
        "vgg": {"slice1.0.weight": plain["generator"]["first.conv.weight"]},
        "scheduler": {"last_epoch": 3},
    }
    assert list(convert({**plain, **extra})) == list(convert(plain))


def test_a_checkpoint_without_networks_names_what_it_has(convert, plain):
    with pytest.raises(ParameterError, match=r"found epoch, weights_of_a; save them as torch"):
        convert({"epoch": 1, "weights_of_a": {"first.conv.weight": 1}})


def test_whole_modules_are_refused_with_what_to_do(torch, config, tmp_path):
    torch.save({"generator": torch.nn.Linear(1, 1)}, tmp_path / "a.pth")
    with pytest.raises(ParameterError, match=r"could run code.* save the networks' state_dict"):
        from_torch(tmp_path / "a.pth", config)
