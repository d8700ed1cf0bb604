"""Two ranks with batches of b learn what one rank with batches of 2 b learns."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.mpi

FEW_STEPS = Path(__file__).parent / "few_steps.py"
STEPS = 4


def smooth_frames(steps, batch, size=32):
    """Frames (3, steps, batch, 3, size, size) of slow waves: warps of them are well behaved."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:size, 0:size] / size
    shape = (3, steps, batch, 3, 1, 1)
    across, down, phase = (rng.uniform(0.5, 2, shape) for _ in range(3))
    waves = np.sin(6.28 * (across * columns + down * rows + phase))
    return (0.5 + 0.4 * waves).astype(np.float32)


@pytest.fixture
def trained_by(settings, write_config, tmp_path, succeed):
    """Losses, first gradients and parameters of one rank and of two."""
    data = tmp_path / "data.npz"
    source, driving, target = smooth_frames(STEPS, 4)
    np.savez(data, source=source, driving=driving, target=target)

    def run(backend, launcher, weights):
        pytest.importorskip(backend)
        settings["train_params"]["loss_weights"] = weights
        found = []
        for ranks in (1, 2):
            settings["train_params"]["batch_size"] = 4 // ranks
            config, path = write_config(settings, f"{ranks}.yaml"), tmp_path / f"{ranks}.npz"
            arguments = (FEW_STEPS, backend, config, data, path, STEPS)
            succeed(*arguments, ranks=ranks, launcher=launcher)
            found.append(dict(np.load(path)))
        return found

    return run


def part(results, prefix):
    return {name: value for name, value in results.items() if name.startswith(prefix)}


def distance(one, other):
    """Relative distance of two sets of arrays."""
    difference = sum(float(((one[name] - other[name]) ** 2).sum()) for name in one)
    return (difference / sum(float((value**2).sum()) for value in one.values())) ** 0.5


def moved(results):
    start, end = part(results, "start/"), part(results, "parameter/")
    return {name: end[name.replace("start/", "parameter/")] - start[name] for name in start}


@pytest.mark.parametrize(("backend", "launcher"), [("nnabla", "mpirun"), ("torch", "torchrun")])
def test_two_ranks_equal_one(trained_by, backend, launcher):
    one, two = trained_by(
        backend,
        launcher,
        {
            "reconstruction": 10,
            "warped_source": 10,
            "equivariance_value": 10,
            "equivariance_jacobian": 10,
        },
    )
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=2e-3)
    np.testing.assert_allclose(two["losses"][0], one["losses"][0], rtol=1e-5)
    assert distance(part(one, "gradient/"), part(two, "gradient/")) < 1e-3
    assert distance(moved(one), moved(two)) < 0.05
    for name, value in part(one, "parameter/").items():
        np.testing.assert_allclose(two[name], value, atol=2e-3, err_msg=name)


@pytest.mark.parametrize("backend", ["nnabla", "torch"])
def test_two_ranks_equal_one_with_a_discriminator(trained_by, backend):
    one, two = trained_by(
        backend,
        "mpirun",
        {
            "reconstruction": 10,
            "generator_gan": 1,
            "discriminator_gan": 1,
            "feature_matching": [10, 10],
        },
    )
    np.testing.assert_allclose(two["losses"][0], one["losses"][0], rtol=1e-5)
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=2e-2)
    judges = "gradient/discriminator/"
    assert distance(part(one, judges), part(two, judges)) < 1e-3
