"""The recipe of the model face in miniature: 64 pixels, small networks, a few steps."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import yaml

from fomm_core.model.parameters import load_parameters
from fomm_train.checkpoint import CheckpointFolder
from fomm_train.configs import recipes

STEPS_AN_EPOCH = 4
LAST = "params_at_epoch_2.h5"


@pytest.fixture(scope="module")
def people(write_labelled):
    return write_labelled(identities=4, group=2, motions=2, frames=6, size=64)


@pytest.fixture
def miniature(people, tmp_path):
    """The recipe's losses and options at 64 pixels; three epochs of four steps."""
    config = yaml.safe_load(recipes()["face-256"].read_text())
    config["dataset_params"].update(root_dir=str(people), frame_shape=[64, 64, 3])
    small = {"block_expansion": 4, "max_features": 8, "num_blocks": 2, "scale_factor": 0.5}
    model = config["model_params"]
    model["common_params"]["num_kp"] = 10
    model["kp_detector_params"].update(small)
    model["generator_params"].update(
        block_expansion=4, max_features=8, num_down_blocks=1, num_bottleneck_blocks=1
    )
    model["generator_params"]["dense_motion_params"].update(small)
    model["discriminator_params"].update(block_expansion=4, max_features=8, num_blocks=2)
    config["train_params"].update(
        num_epochs=3, num_repeats=2, batch_size=2, checkpoint_freq=1, statistics_batches=2
    )
    config["train_params"]["loss_weights"].update(perceptual=None, feature_matching=[0.1, 0.1])
    config["monitor_params"].update(monitor_freq=1, monitor_path=str(tmp_path))
    path = tmp_path / "miniature.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def steps_of(log, name):
    lines = (log / f"{name}.series.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line[:1].isdigit()]


def test_the_recipe_trains_resumes_exactly_and_animates(miniature, people, tmp_path, succeed):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    succeed("train", "--config", miniature, "--out", whole, "--workers", 0, "--keep", 9)

    # The discriminator came late, everything else was there from the first step.
    assert steps_of(whole, "reconstruction") == list(range(3 * STEPS_AN_EPOCH))
    for name in ("generator_gan", "feature_matching", "discriminator_gan"):
        assert steps_of(whole, name) == [8, 9, 10, 11]
    for name in ("gradient", "warped_source", "background_supervision", "transformed_jacobians"):
        assert steps_of(whole, name) == list(range(3 * STEPS_AN_EPOCH))

    # Averages are exported, with statistics of their own.
    state = CheckpointFolder(whole / "checkpoints").newest()
    exported = load_parameters(whole / LAST)
    assert state.averages.updates == 3 * STEPS_AN_EPOCH
    own = {name: value for name, value in exported.items() if name in state.averages.values}
    for name, value in own.items():
        same = np.array_equal(value, state.averages.values[name])
        assert same != name.endswith(("/bn/mean", "/bn/var")), name

    # From the checkpoint of an earlier epoch on, all is the same.
    shutil.copytree(whole, broken)
    for path in CheckpointFolder(broken / "checkpoints").paths()[:2]:
        path.unlink()
    (broken / LAST).unlink()
    out = succeed("train", "--resume", broken, "--workers", 0)
    assert "with the checkpoint of step 4" in out
    again = load_parameters(broken / LAST)
    for name, value in exported.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)

    # The result is a model.
    clip = people / "train" / "00000#000"
    files = ("--source", clip / "000000.png", "--driving", clip, "--output", tmp_path / "x.mp4")
    succeed("animate", "--config", broken / "training_info.yaml", *files)
    assert (tmp_path / "x.mp4").stat().st_size > 0
