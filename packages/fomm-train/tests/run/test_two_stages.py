"""Stage one, stage two from its parameters, and what they leave behind."""

import copy

import numpy as np
import pytest
import yaml
from PIL import Image

from fomm_core.model.parameters import load_parameters
from fomm_train.config import load_train_config


@pytest.fixture
def stages(settings, write_config):
    one, two = copy.deepcopy(settings), copy.deepcopy(settings)
    one["train_params"].update(num_epochs=2, epoch_milestones=[])
    one["train_params"]["loss_weights"]["generator_gan"] = 0
    two["train_params"].update(num_epochs=3, epoch_milestones=[])
    return write_config(one, "one.yaml"), write_config(two, "two.yaml")


def test_both_stages_and_an_animation(needs_nnabla, stages, tmp_path, videos, succeed):
    one, two = stages
    first, second = tmp_path / "logs" / "first", tmp_path / "logs" / "second"
    succeed("train", "--config", one, "--log-dir", first)
    learnt = load_parameters(first / "params_at_epoch_1.h5")
    assert not any(name.startswith("discriminator/") for name in learnt)
    assert sorted(path.name for path in first.glob("state_*")) == [
        "state_generator_at_epoch_1.h5",
        "state_kp_detector_at_epoch_1.h5",
    ]

    # A learning rate of 0 shows that stage two begins with stage one's parameters.
    settings = yaml.safe_load(two.read_text())
    settings["train_params"]["lr_kp_detector"] = 0
    two.write_text(yaml.safe_dump(settings))
    out = succeed(
        "train", "--config", two, "--ft-params", first / "params_at_epoch_1.h5", "--out", second
    )
    assert "from epoch 2 of 3" in out
    adversarial = load_parameters(second / "params_at_epoch_2.h5")
    assert any(name.startswith("discriminator/") for name in adversarial)
    kept = "kp_detector/keypoint_detector/conv/W"
    np.testing.assert_array_equal(adversarial[kept], learnt[kept])
    changed = "generator/final_conv/conv/W"
    assert (adversarial[changed] != learnt[changed]).any()
    assert_layout(second)

    folders = sorted((videos / "train").iterdir())
    driving, source = folders[0], sorted(folders[1].iterdir())[0]
    result = tmp_path / "result.gif"
    succeed(
        *("animate", "--config", second / "training_info.yaml", "--engine", "nnabla"),
        *("--source", source, "--driving", driving, "--output", result),
    )
    assert result.stat().st_size > 0


def assert_layout(log):
    config = load_train_config(log / "training_info.yaml")
    assert config.log_dir == str(log)
    assert config.saved_parameters == str(log / "params_at_epoch_2.h5")
    for network in ("generator", "kp_detector", "discriminator"):
        assert (log / f"state_{network}_at_epoch_2.h5").stat().st_size > 0
    with Image.open(next((log / "images").iterdir())) as sheet:
        assert sheet.size[0] > 5 * 32
    with Image.open(log / "loss_curves.png") as curves:
        assert curves.size[0] > 500
    series = np.loadtxt(log / "feature_matching.series.txt", ndmin=2)
    # Stage two counts on from stage one's two epochs of 12 steps; means of five steps.
    np.testing.assert_array_equal(series[:, 0], [24, 29, 34, 35])


def test_a_used_log_directory_is_refused(stages, tmp_path, fomm, succeed):
    succeed("train", "--config", stages[0], "--out", tmp_path / "log", "--max-minutes", 0.001)
    code, _, err = fomm("train", "--config", stages[0], "--out", tmp_path / "log")
    assert code == 2
    assert "expected a new log directory, found a training in it" in err


def test_parameters_of_other_networks_are_refused(stages, tmp_path, fomm, succeed):
    succeed("train", "--config", stages[0], "--out", tmp_path / "log", "--max-minutes", 0.001)
    settings = yaml.safe_load(stages[1].read_text())
    settings["model_params"]["common_params"]["num_kp"] = 4
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(settings))
    params = tmp_path / "log" / "params_latest.h5"
    code, _, err = fomm("train", "--config", other, "--ft-params", params)
    assert code == 2
    assert "kp_detector/keypoint_detector/conv/W" in err
