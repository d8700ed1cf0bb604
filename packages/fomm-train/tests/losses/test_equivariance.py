from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.losses.equivariance import equivariance_jacobian, equivariance_value

OPS = NNablaTrainingOperations()


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def value_of(loss):
    loss.forward()
    return float(loss.d)


def matrices(random, count):
    """Well-conditioned 2x2 matrices, (1, count, 2, 2)."""
    return np.eye(2) + random.uniform(-0.3, 0.3, (1, count, 2, 2))


IMAGE = constant(np.ones((1, 1, 4, 4)))


def test_equivariance_of_values_equals_the_reference(golden):
    loss = equivariance_value(
        OPS, constant(golden["kp_driving"]), constant(golden["kp_warped"]), 10
    )
    expected = float(golden["loss_equivariance_value_w10"])
    assert value_of(loss) == pytest.approx(expected, rel=1e-5)


def test_equivariance_of_jacobians_equals_the_reference(golden):
    loss = equivariance_jacobian(
        OPS,
        constant(golden["jacobian_driving"]),
        constant(golden["transform_jacobian"]),
        constant(golden["jacobian_transformed"]),
        10,
    )
    expected = float(golden["loss_equivariance_jacobian_w10"])
    assert value_of(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("off", [0, 0.0, None])
@pytest.mark.parametrize(
    "loss",
    [
        lambda off: equivariance_value(OPS, IMAGE, IMAGE, off),
        lambda off: equivariance_jacobian(OPS, IMAGE, IMAGE, IMAGE, off),
    ],
)
def test_a_weight_of_zero_builds_nothing(loss, off):
    assert loss(off) is None


@given(st.integers(0, 2**32 - 1))
def test_an_exactly_equivariant_detector_has_no_equivariance_loss(seed):
    random = np.random.default_rng(seed)
    transform, transformed = matrices(random, 4), matrices(random, 4)
    driving = transform @ transformed
    value = random.uniform(-1, 1, (1, 4, 2))
    loss = equivariance_jacobian(
        OPS, constant(driving), constant(transform), constant(transformed), 1
    )
    assert value_of(loss) == pytest.approx(0, abs=1e-5)
    assert value_of(equivariance_value(OPS, constant(value), constant(value), 1)) == 0


def test_gradients_of_the_equivariance_of_jacobians(evaluate, numeric_gradient):
    random = np.random.default_rng(1)
    arrays = [matrices(random, 3).astype(np.float32) for _ in range(3)]

    def plain(driving, transform, transformed):
        ratio = np.linalg.inv(driving) @ transform @ transformed
        return 10 * np.abs(ratio - np.eye(2)).mean()

    value, gradients = evaluate(lambda *v: equivariance_jacobian(OPS, *v, 10), *arrays)
    assert value == pytest.approx(plain(*arrays), rel=1e-5)
    for i, found in enumerate(gradients):
        expected = numeric_gradient(
            lambda x, i=i: plain(*arrays[:i], x, *arrays[i + 1 :]), arrays[i]
        )
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_gradients_of_the_equivariance_of_values_go_both_ways(evaluate):
    random = np.random.default_rng(2)
    driving, warped = random.uniform(-1, 1, (2, 2, 3, 2))
    _, (to_driving, to_warped) = evaluate(
        lambda a, b: equivariance_value(OPS, a, b, 6), driving, warped
    )
    np.testing.assert_allclose(to_driving, 6 * np.sign(driving - warped) / 12, rtol=1e-5)
    np.testing.assert_allclose(to_warped, -to_driving, rtol=1e-5)
