"""Both backends learn the same: values, gradients, twenty steps, whatever the configuration.

Each computes in a process of its own, in a Python that has it: this one, or the one that
``FOMM_NNABLA_PYTHON`` names.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

RECORD_STEPS = Path(__file__).parent / "record_steps.py"
STEPS = 20
GOLDEN = Path(__file__).resolve().parents[3] / "fomm-core/tests/golden/mini/config.yaml"


@pytest.fixture(scope="module")
def pythons():
    """A Python for each backend."""
    nnabla = sys.executable if find_spec("nnabla") else os.environ.get("FOMM_NNABLA_PYTHON")
    if not nnabla or not find_spec("torch"):
        pytest.skip("needs NNabla and PyTorch")
    return {"nnabla": nnabla, "torch": sys.executable}


@dataclass(frozen=True)
class Case:
    """What is trained, and for how long; without kinks where it is smooth."""

    settings: dict
    with_truth: bool = False
    steps: int = STEPS
    smooth: bool = False

    def draw(self):
        drawn = draw_data(self.settings, self.with_truth)
        return {name: array[: self.steps] for name, array in drawn.items()}


def golden():
    """The golden configuration."""
    return slowed(yaml.safe_load(GOLDEN.read_text(encoding="utf-8")))


def without_vgg19(settings):
    """A loss on images in the place of VGG19's, with which twenty steps take long.

    The frames of an untrained generator are nearly flat: rounding decides on the signs of
    differences of features. Those are compared on other frames (``test_vgg19``).
    """
    settings["train_params"]["loss_weights"].update(perceptual=None, reconstruction=10)
    return settings


def slowed(settings):
    """Slow training: Adam makes first steps of one size even where a gradient is rounding."""
    rates = ("lr_generator", "lr_discriminator", "lr_kp_detector")
    settings["train_params"].update(dict.fromkeys(rates, 1e-5))
    return settings


def all_options():
    """A small model with everything that can be switched on."""
    hourglass = {"block_expansion": 4, "max_features": 8, "num_blocks": 2, "scale_factor": 0.5}
    return {
        "dataset_params": {"frame_shape": [32, 32, 3]},
        "model_params": {
            "common_params": {"num_kp": 3},
            "kp_detector_params": {**hourglass, "pad": 3},
            "generator_params": {
                "block_expansion": 4,
                "max_features": 8,
                "num_down_blocks": 1,
                "num_bottleneck_blocks": 1,
                "estimate_occlusion_map": True,
                "skip": True,
                "motion_features": True,
                "align_corners": True,
                "dense_motion_params": {**hourglass, "jacobian_maps": True},
            },
            "discriminator_params": {
                "scales": [1, 0.5],
                "block_expansion": 4,
                "max_features": 8,
                "num_blocks": 2,
                "sn": True,
                "use_kp": True,
            },
        },
        "train_params": {
            "batch_size": 2,
            "scales": [1, 0.25],
            "region_weight": 3,
            "true_keypoints_until": 0.5,
            "relative_motion": True,
            "transform_params": {"rotation": 10, "scale": 1.1, "shift": 0.05},
            "loss_weights": {
                "perceptual": [1],
                "generator_gan": 1,
                "discriminator_gan": 1,
                "feature_matching": [10, 10],
                "equivariance_value": 10,
                "equivariance_jacobian": 10,
                "reconstruction": 10,
                "gradient": 5,
                "warped_source": 10,
                "keypoint_supervision": 10,
                "jacobian_supervision": 5,
                "transformed_keypoints": 10,
                "transformed_jacobians": 5,
                "background_supervision": 50,
            },
        },
    }


CASES = {
    "golden": lambda: Case(without_vgg19(golden())),
    "golden, smooth": lambda: Case(golden(), steps=1, smooth=True),
    "all options": lambda: Case(slowed(all_options()), with_truth=True),
}


def draw_data(settings, with_truth):
    """Frames of slow waves, whose warps are well behaved, and what is true of them."""
    train, size = settings["train_params"], settings["dataset_params"]["frame_shape"][0]
    batch, keypoints = train["batch_size"], settings["model_params"]["common_params"]["num_kp"]
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:size, 0:size] / size

    def frames():
        across, down, phase = (rng.uniform(0.5, 2, (STEPS, batch, 3, 1, 1)) for _ in range(3))
        return 0.5 + 0.4 * np.sin(6.28 * (across * columns + down * rows + phase))

    def jacobians():
        return np.eye(2) + rng.uniform(-0.3, 0.3, (STEPS, batch, keypoints, 2, 2))

    data = {name: frames() for name in ("source", "driving", "target")}
    if with_truth:
        data.update(reference=frames(), detector_frame=frames())
        for name in ("source", "driving", "reference", "target"):
            value = rng.uniform(-0.8, 0.8, (STEPS, batch, keypoints, 2))
            data.update({f"truth/{name}_value": value, f"truth/{name}_jacobian": jacobians()})
        for name in ("regions", "foreground"):
            data[f"truth/{name}"] = rng.random((STEPS, batch, 1, size, size))
    return {name: array.astype(np.float32) for name, array in data.items()}


@pytest.fixture(scope="module", params=CASES)
def recorded(request, pythons, tmp_path_factory):
    """What each backend has computed, by its name."""
    case = CASES[request.param]()
    folder = tmp_path_factory.mktemp("agreement")
    config, data = folder / "config.yaml", folder / "data.npz"
    config.write_text(yaml.safe_dump(case.settings), encoding="utf-8")
    np.savez(data, **case.draw())
    found = {}
    for backend, python in pythons.items():
        result = folder / f"{backend}.npz"
        smooth = ["smooth"] if case.smooth else []
        command = [python, RECORD_STEPS, backend, config, data, result, *smooth]
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(command, check=True, timeout=900, env=one_thread)
        found[backend] = dict(np.load(result))
    return found["nnabla"], found["torch"]


def part(results, prefix):
    return {n.removeprefix(prefix): v for n, v in results.items() if n.startswith(prefix)}


def distance(one, other):
    """Relative distance of two arrays."""
    return float(np.linalg.norm(one - other) / max(np.linalg.norm(one), 1e-12))


def is_void(name):
    """Whether what follows a bias takes it out again, so that its gradient is mere rounding."""
    return bool(
        re.fullmatch(
            r".*/(down|up)block/conv/b"  # batch normalisation follows
            r"|.*/convblock_0/conv/b"
            r"|discriminator/.*/downblock_[1-9]/conv/b"  # instance normalisation
            r"|kp_detector/keypoint_detector/conv/b",  # softmax
            name,
        )
    )


def distance_of_all(one, other, pattern):
    """Relative distance of all parameters together whose names match, but of void ones."""
    names = [name for name in one if re.fullmatch(pattern, name) and not is_void(name)]
    return distance(
        *(np.concatenate([found[name].ravel() for name in names]) for found in (one, other))
    )


def test_both_begin_with_the_same_parameters(recorded):
    one, other = (part(results, "start/") for results in recorded)
    assert list(one) == list(other)
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def test_losses_of_the_first_step_are_equal(recorded):
    one, other = (part(results, "loss/0/") for results in recorded)
    assert list(one) == list(other)
    for name, value in one.items():
        assert float(other[name]) == pytest.approx(float(value), rel=1e-4), name


def test_gradients_of_all_parameters_are_equal(recorded, request):
    """But for a ReLU or two of the golden configuration, on whose input's sign rounding decides.

    Of its 500,000 inputs a few are nearer to 0 than what NNabla's batch normalisation is off: 2e-5,
    as it takes the square of the mean from the mean of squares; PyTorch's is off by 3e-6. Either
    backend's gradients then differ as much from those in float64. Without kinks they do not.
    """
    is_golden = request.node.callspec.params["recorded"] == "golden"
    tolerance = 2e-3 if is_golden else 1e-4
    one, other = (part(results, "gradient/") for results in recorded)
    assert set(one) == set(other)
    for name, value in one.items():
        if is_void(name):
            assert max(np.abs(value).max(), np.abs(other[name]).max()) < 1e-3, name
        else:
            assert distance(value, other[name]) < tolerance, name


def test_losses_of_all_steps_stay_together(recorded):
    one, other = recorded
    for name, value in part(one, "loss/").items():
        assert float(other[f"loss/{name}"]) == pytest.approx(float(value), rel=1e-3), name
    assert distance(one["prediction"], other["prediction"]) < 1e-3


def test_parameters_and_running_statistics_stay_together(recorded):
    one, other = (part(results, "parameter/") for results in recorded)
    for network in ("generator", "kp_detector", "discriminator"):
        assert distance_of_all(one, other, f"{network}/.*") < 1e-3, network
    for statistic in ("bn/mean", "bn/var", "spectral-norm/u"):
        assert distance_of_all(one, other, f".*/{statistic}") < 1e-3, statistic
