from __future__ import annotations

import numpy as np
import pytest

from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.losses import reconstruction as losses

OPS = NNablaTrainingOperations()
SHAPE = (2, 3, 8, 8)
WEIGHT = 5.0
REGION_WEIGHT = 7.0


@pytest.fixture
def images():
    random = np.random.default_rng(4)
    return random.uniform(0, 1, (2, *SHAPE)).astype(np.float32)


@pytest.fixture
def regions():
    random = np.random.default_rng(5)
    return random.uniform(0, 1, (2, 1, 8, 8)).astype(np.float32)


def weighted(error, regions):
    return (error * (1 + (REGION_WEIGHT - 1) * regions)).mean()


def halved(image):
    return image.reshape(*image.shape[:2], 4, 2, 4, 2).mean(axis=(3, 5))


def plain_reconstruction(prediction, target, regions):
    full = weighted(np.abs(prediction - target), regions)
    return full + weighted(np.abs(halved(prediction) - halved(target)), halved(regions))


def plain_gradient(prediction, target, regions):
    error = prediction - target
    across, down = np.abs(np.diff(error, axis=3)), np.abs(np.diff(error, axis=2))
    return weighted(across, regions[..., :-1]) + weighted(down, regions[..., :-1, :])


def plain_warped_source(deformed, target, regions):
    return weighted(np.abs(deformed - target), regions)


def reconstruction(ops, prediction, target, *options):
    import nnabla.functions as F

    pyramids = ({1.0: x, 0.5: F.average_pooling(x, (2, 2))} for x in (prediction, target))
    return losses.reconstruction(ops, *pyramids, *options)


LOSSES = [
    pytest.param(reconstruction, plain_reconstruction, id="reconstruction"),
    pytest.param(losses.gradient, plain_gradient, id="gradient"),
    pytest.param(losses.warped_source, plain_warped_source, id="warped_source"),
]


@pytest.mark.parametrize(("loss", "plain"), LOSSES)
def test_value_and_gradient_with_regions(loss, plain, images, regions, evaluate, numeric_gradient):
    prediction, target = images
    value, (to_prediction, to_target, to_regions) = evaluate(
        lambda *v: loss(OPS, v[0], v[1], WEIGHT, v[2], REGION_WEIGHT), prediction, target, regions
    )
    assert value == pytest.approx(WEIGHT * plain(prediction, target, regions), rel=1e-5)
    expected = numeric_gradient(lambda x: WEIGHT * plain(x, target, regions), prediction)
    np.testing.assert_allclose(to_prediction, expected, rtol=1e-4, atol=1e-6)
    assert not to_target.any()
    assert not to_regions.any()


@pytest.mark.parametrize(("loss", "plain"), LOSSES)
def test_without_regions_all_pixels_count_alike(loss, plain, images, regions, evaluate):
    expected = WEIGHT * plain(*images, np.zeros_like(regions))
    value, _ = evaluate(lambda *v: loss(OPS, *v, WEIGHT), *images)
    assert value == pytest.approx(expected, rel=1e-5)
    value, _ = evaluate(lambda a, b, r: loss(OPS, a, b, WEIGHT, r, 1.0), *images, regions)
    assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("loss", "plain"), LOSSES)
def test_a_batch_costs_the_mean_of_its_samples(loss, plain, images, regions, evaluate):
    def run(samples):
        return evaluate(
            lambda a, b, r: loss(OPS, a, b, WEIGHT, r, REGION_WEIGHT),
            images[0][samples],
            images[1][samples],
            regions[samples],
        )[0]

    each = [run(slice(i, i + 1)) for i in range(2)]
    assert run(slice(None)) == pytest.approx(np.mean(each), rel=1e-5)


@pytest.mark.parametrize(("loss", "plain"), LOSSES)
def test_equal_images_cost_nothing(loss, plain, images, evaluate):
    value, (to_prediction, _) = evaluate(lambda *v: loss(OPS, *v, WEIGHT), images[0], images[0])
    assert value == 0
    assert np.isfinite(to_prediction).all()


@pytest.mark.parametrize("off", [0, 0.0, None])
@pytest.mark.parametrize(("loss", "plain"), LOSSES)
def test_a_weight_of_zero_builds_nothing(loss, plain, off):
    import nnabla as nn

    image = nn.Variable((1, 1, 4, 4))
    assert loss(OPS, image, image, off) is None
