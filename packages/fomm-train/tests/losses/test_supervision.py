from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest

from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.losses.supervision import (
    background_supervision,
    jacobian_supervision,
    keypoint_supervision,
    transformed_jacobians,
    transformed_keypoints,
)

OPS = NNablaTrainingOperations()
IMAGE = nn.Variable.from_numpy_array(np.ones((1, 1, 4, 4), np.float32))


@pytest.mark.parametrize("off", [0, 0.0, None])
@pytest.mark.parametrize(
    "loss",
    [
        lambda off: keypoint_supervision(OPS, IMAGE, IMAGE, off),
        lambda off: jacobian_supervision(OPS, IMAGE, IMAGE, off),
        lambda off: background_supervision(OPS, IMAGE, IMAGE, off),
    ],
)
def test_a_weight_of_zero_builds_nothing(loss, off):
    assert loss(off) is None


@pytest.mark.parametrize(
    ("loss", "shape"),
    [(keypoint_supervision, (2, 3, 2)), (jacobian_supervision, (2, 3, 2, 2))],
)
def test_supervision_is_the_l1_to_the_truth_and_moves_the_detector_only(loss, shape, evaluate):
    random = np.random.default_rng(3)
    found, truth = random.uniform(-1, 1, (2, *shape))
    value, (to_found, to_truth) = evaluate(lambda a, b: loss(OPS, a, b, 5), found, truth)
    assert value == pytest.approx(5 * np.abs(found - truth).mean(), rel=1e-5)
    np.testing.assert_allclose(to_found, 5 * np.sign(found - truth) / found.size, rtol=1e-5)
    assert not to_truth.any()


def test_background_that_moves_costs_as_far_as_it_is_seen(evaluate):
    random = np.random.default_rng(6)
    deformation = random.uniform(-1, 1, (2, 4, 3, 2))
    foreground = random.uniform(0, 1, (2, 1, 8, 12))
    value, (to_deformation, to_foreground) = evaluate(
        lambda a, b: background_supervision(OPS, a, b, 5), deformation, foreground
    )
    shown = 1 - foreground.reshape(2, 4, 2, 3, 4).mean(axis=(2, 4))[..., None]
    x, y = np.meshgrid([-1, 0, 1], np.linspace(-1, 1, 4))
    error = deformation - np.stack([x, y], axis=-1)
    assert value == pytest.approx(5 * (np.abs(error) * shown).mean(), rel=1e-5)
    expected = 5 * np.sign(error) * shown / deformation.size
    np.testing.assert_allclose(to_deformation, expected, rtol=1e-4)
    assert not to_foreground.any()


def test_background_that_stands_still_costs_nothing(evaluate):
    still = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 1.0]), axis=-1)[None]
    value, _ = evaluate(
        lambda a, b: background_supervision(OPS, a, b, 5), still, np.zeros((1, 1, 2, 3))
    )
    assert value == 0


@pytest.mark.parametrize(
    ("loss", "shape"), [(transformed_keypoints, (3, 4, 2)), (transformed_jacobians, (3, 4, 2, 2))]
)
def test_keypoints_out_of_sight_do_not_count(loss, shape, evaluate):
    random = np.random.default_rng(8)
    found, truth = random.uniform(-1, 1, (2, *shape))
    visible = (random.random((3, 4, 1)) > 0.5).astype(np.float64)
    value, (to_found, to_truth, _) = evaluate(
        lambda a, b, c: loss(OPS, a, b, c, 5), found, truth, visible
    )
    counted = visible.reshape(3, 4, *[1] * (len(shape) - 2))
    error = found - truth
    assert value == pytest.approx(5 * (np.abs(error) * counted).mean(), rel=1e-5)
    np.testing.assert_allclose(to_found, 5 * np.sign(error) * counted / error.size, rtol=1e-5)
    assert not to_truth.any()
    assert loss(OPS, IMAGE, IMAGE, IMAGE, 0) is None
