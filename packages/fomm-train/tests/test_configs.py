import json
from pathlib import Path

import pytest

from fomm_core.errors import ConfigError
from fomm_core.model.finding import find_model
from fomm_core.network.graph import Networks
from fomm_core.network.nnabla_operations import NNablaOperations
from fomm_core.network.stages import build_stages
from fomm_train.configs import describe, find_config, recipes
from fomm_train.graph.objectives import is_adversarial

SEEDS = ["bair-256", "fashion-256", "mgif-256", "nemo-256", "taichi-256", "taichi-adv-256"]
AVATARS = ["avatar-128", "avatar-64", "avatar-keypoints-128"]
NAMES = sorted([*AVATARS, *SEEDS, "face-256", "vox-256", "vox-adv-256"])


def test_the_names():
    assert list(recipes()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_loads_and_says_what_it_is_for(name):
    config = find_config(name)
    height, width = config.frame_size
    assert height == width == int(name.rpartition("-")[2])
    assert len(describe(recipes()[name])) > 20


@pytest.mark.parametrize("name", [*SEEDS, "vox-256", "vox-adv-256"])
def test_the_seeds_recipes_use_the_papers_losses_alone(name):
    config = find_config(name)
    weights = config.train_params.loss_weights
    assert weights.perceptual == [10] * 5
    assert weights.equivariance_value == weights.equivariance_jacobian == 10
    assert not weights.reconstruction
    assert not weights.keypoint_supervision
    assert not config.model_params.generator_params.skip
    assert is_adversarial(config) == (name not in ("vox-256", "taichi-256"))


def test_stage_two_counts_on_from_stage_one():
    one, two = (find_config(name).train_params for name in ("vox-256", "vox-adv-256"))
    assert (one.num_epochs, two.num_epochs) == (100, 150)
    assert one.num_repeats == two.num_repeats == 75
    assert one.epoch_milestones == [60, 90]


def test_the_parameters_of_each_step_to_the_embedded_model_fit_the_next():
    shapes = []
    for name in AVATARS:
        networks = Networks(find_config(name), NNablaOperations())
        build_stages(networks)
        shapes.append({k: v.shape for k, v in networks.parameters().items()})
    assert shapes[0] == shapes[1] == shapes[2]


def test_the_embedded_model_has_the_networks_of_its_recipe():
    networks = find_model("face").config.model_params
    recipe = find_config("face-256").model_params
    for name in ("common_params", "kp_detector_params", "generator_params"):
        assert getattr(networks, name) == getattr(recipe, name)


def test_a_path_comes_before_a_name(tmp_path, monkeypatch):
    path = tmp_path / "vox-256"
    path.write_text(recipes()["avatar-64"].read_text())
    monkeypatch.chdir(tmp_path)
    assert find_config("vox-256").frame_size == (64, 64)
    assert find_config(str(path)).frame_size == (64, 64)


def test_a_misspelt_name_is_refused_with_the_right_one():
    with pytest.raises(ConfigError, match="did you mean vox-adv-256"):
        find_config("vox-adv-265")


def test_published_parameters_fit_stage_two():
    golden = Path(__file__).resolve().parents[2] / "fomm-core" / "tests" / "golden"
    expected = json.loads((golden / "vox_adv_256_parameters.json").read_text())
    config = find_config("vox-adv-256")
    networks = Networks(config, NNablaOperations())
    build_stages(networks)
    shapes = {name: list(v.shape) for name, v in networks.parameters().items()}
    own = {k: v for k, v in expected.items() if not k.startswith("discriminator/")}
    assert shapes == own
