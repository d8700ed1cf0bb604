from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.config import Config, dump_config, load_config, parse_config
from fomm_core.errors import ConfigError
from fomm_train.config import TrainConfig, load_train_config, parse_train_config
from fomm_train.configs import recipes

GOLDEN = Path(__file__).resolve().parents[2] / "fomm-core" / "tests" / "golden/mini/config.yaml"
DATA = yaml.safe_load(GOLDEN.read_text())


def changed(path: str, value: object) -> dict[str, Any]:
    """The golden configuration as plain data, with one key set to something else."""
    data = deepcopy(DATA)
    *sections, key = path.split(".")
    part = data
    for section in sections:
        part = part.setdefault(section, {})
    part[key] = value
    return data


def refusal(data: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_train_config(data, "c.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestGolden:
    def test_the_golden_configuration_loads(self):
        config = load_train_config(GOLDEN)
        assert config.frame_size == (64, 64)
        assert config.model_params.discriminator_params.sn
        assert config.train_params.lr_generator == 2e-4
        assert config.train_params.loss_weights.perceptual == [10] * 5

    def test_it_is_written_and_read_back_equal(self, tmp_path):
        config = load_train_config(GOLDEN)
        (tmp_path / "c.yaml").write_text(dump_config(config))
        assert load_train_config(tmp_path / "c.yaml") == config


class TestNumbers:
    def test_exponents_without_a_point_are_numbers(self, tmp_path):
        data = {**DATA, "train_params": "HERE"}
        text = yaml.safe_dump(data).replace("HERE", "{lr_generator: 2e-4, scales: [1, 5E-1]}")
        (tmp_path / "c.yaml").write_text(text)
        params = load_train_config(tmp_path / "c.yaml").train_params
        assert params.lr_generator == 2e-4
        assert params.scales == [1.0, 0.5]

    @pytest.mark.parametrize("text", ["2e", "abc", "", "0x10"])
    def test_other_text_is_no_number(self, text):
        assert refusal(changed("train_params.lr_generator", text)) == (
            f"c.yaml: train_params.lr_generator: expected a valid number, found {text!r}"
        )


REFUSED = [
    ("train_params", None, "train_params: expected a valid dictionary .* found None"),
    ("train_params.lr_generator", -1, "lr_generator: expected greater than or equal to 0"),
    ("train_params.cross_identity", 1.5, "cross_identity: expected less than or equal to 1"),
    ("train_params.scales", "x", "train_params.scales: expected a valid list, found 'x'"),
    ("train_params.scales", [1, 0], "train_params.scales.1: expected greater than"),
    ("dataset_params.pairs_list", 7, "pairs_list: expected a valid string, found 7"),
    ("dataset_params.avatars", {"group": 0}, "avatars.group: expected greater than 0, found 0"),
    ("animate_params", 5, "animate_params: expected a valid dictionary, found 5"),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_cannot_be_is_refused_with_its_key(path, value, message):
    found = refusal(changed(path, value))
    with pytest.raises(ConfigError, match=message):
        raise ConfigError(found)
    assert found.startswith("c.yaml: ")
    assert len(found) < 250


@pytest.mark.parametrize(
    "section",
    [
        "train_params",
        "train_params.loss_weights",
        "train_params.transform_params",
        "monitor_params",
        "visualizer_params",
        "dataset_params",
        "dataset_params.avatars",
        "dataset_params.augmentation_params",
        "dataset_params.augmentation_params.flip_param",
        "model_params",
        "model_params.kp_detector_params",
        "model_params.discriminator_params",
    ],
)
def test_a_misspelt_key_is_refused_in_every_section(section):
    assert refusal(changed(f"{section}.strange", 1)) == f"c.yaml: {section}.strange: unknown key"


def test_a_misspelt_section_is_refused():
    assert refusal(changed("train_prams", {})) == "c.yaml: train_prams: unknown key"


def test_the_networks_are_checked_as_ever():
    assert refusal(changed("dataset_params.frame_shape", [65, 64, 3])) == (
        "c.yaml: dataset_params.frame_shape: expected a height divisible by 32 "
        "(model_params.kp_detector_params: num_blocks and scale_factor), found 65"
    )


def test_a_detector_that_is_not_trained_has_no_losses():
    data = {**DATA, "train_params": {"true_keypoints_only": True}}
    assert parse_train_config(data).train_params.true_keypoints_only
    data["train_params"]["loss_weights"] = {"equivariance_value": 10}
    assert refusal(data) == (
        "c.yaml: train_params: loss_weights.equivariance_value: expected 0 with "
        "true_keypoints_only, which leaves the detector as it is, found 10"
    )


def test_a_configuration_does_not_change():
    with pytest.raises(ValueError, match="frozen"):
        load_train_config(GOLDEN).train_params.batch_size = 4


@pytest.mark.parametrize("path", [GOLDEN, *recipes().values()], ids=lambda path: path.stem)
def test_through_core_nothing_is_lost(path, tmp_path):
    config = load_train_config(path)
    (tmp_path / "core.yaml").write_text(dump_config(load_config(path)))
    assert load_train_config(tmp_path / "core.yaml") == config
    (tmp_path / "train.yaml").write_text(dump_config(config))
    known = load_config(tmp_path / "train.yaml")
    assert dump_config(known) == dump_config(config)
    assert type(known) is Config
    assert type(config) is TrainConfig


weights = st.none() | st.floats(0, 100)
changes = st.fixed_dictionaries(
    {
        "dataset_params": st.fixed_dictionaries(
            {
                "pairs_list": st.none() | st.text(max_size=8),
                "avatars": st.none() | st.fixed_dictionaries({"seed": st.integers(0, 2**40)}),
            }
        ),
        "train_params": st.fixed_dictionaries(
            {
                "lr_generator": st.floats(0, 1),
                "epoch_milestones": st.lists(st.integers(0, 99), max_size=3),
                "loss_weights": st.fixed_dictionaries(
                    {
                        "generator_gan": weights,
                        "warped_source": weights,
                        "perceptual": st.none() | st.lists(st.floats(0, 10), max_size=5),
                    }
                ),
            }
        ),
        "animate_params": st.none() | st.just({"mode": "relative", "nothing": None}),
        "log_dir": st.none() | st.text(max_size=8),
    }
)


@given(changes=changes)
def test_a_written_configuration_is_read_back_equal(changes):
    data = {**DATA, **changes}
    data["dataset_params"] = {**DATA["dataset_params"], **changes["dataset_params"]}
    config = parse_train_config(data)
    assert parse_train_config(yaml.safe_load(dump_config(config))) == config
    assert parse_train_config(yaml.safe_load(dump_config(parse_config(data)))) == config
