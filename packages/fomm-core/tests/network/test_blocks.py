"""How the parameters of the blocks begin, and what batch normalisation does with them."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def scope(nnabla):
    """Parameters of their own for one test."""
    nnabla.clear_parameters()
    yield nnabla
    nnabla.clear_parameters()


def test_convolutions_begin_uniform_within_he_bounds(scope):
    from fomm_core.network.blocks import convolution

    convolution(scope.Variable((1, 16, 8, 8)), 64, 3, 1)
    limit = np.sqrt(2 / (16 * 3 * 3)) / np.sqrt(2)
    parameters = scope.get_parameters()
    weights, bias = (parameters[name].d for name in ("conv/W", "conv/b"))
    for array in (weights, bias):
        assert 0.9 * limit < np.abs(array).max() <= limit
    assert abs(weights.mean()) < 0.05 * limit
    assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


def test_jacobians_begin_as_the_identity(nnabla, tiny):
    from fomm_core.network.graph import Networks, build_stages

    stages = build_stages(Networks(tiny()))
    image = np.random.default_rng(0).uniform(0, 1, (1, 3, 24, 32)).astype(np.float32)
    found = stages["keypoints"](image=image)["jacobian"]
    np.testing.assert_allclose(found, np.tile(np.eye(2), (1, 3, 1, 1)), atol=1e-5)


def test_inference_normalises_by_what_training_recorded(scope):
    from fomm_core.network.blocks import batch_statistics, running_statistics

    x = scope.Variable.from_numpy_array(
        np.random.default_rng(0).normal(3, 2, (8, 1, 16, 16)).astype(np.float32)
    )
    trained = batch_statistics(x)
    for _ in range(60):
        trained.forward()
    assert trained.d.mean() == pytest.approx(0, abs=1e-4)
    assert trained.d.std() == pytest.approx(1, abs=1e-3)
    recorded = scope.get_parameters(grad_only=False)
    assert recorded["bn/mean"].d.item() == pytest.approx(x.d.mean(), rel=0.01)
    assert recorded["bn/var"].d.item() == pytest.approx(x.d.var(), rel=0.01)
    inferred = running_statistics(x)
    inferred.forward()
    np.testing.assert_allclose(inferred.d, trained.d, atol=0.02)


def test_a_residual_block_adds_to_its_input(scope):
    from fomm_core.network.blocks import residual_block, running_statistics

    x = scope.Variable.from_numpy_array(np.full((1, 4, 6, 6), 0.5, np.float32))
    block = residual_block(x, running_statistics)
    for name, parameter in scope.get_parameters().items():
        if "/conv/" in name:
            parameter.d = 0
    block.forward()
    np.testing.assert_array_equal(block.d, x.d)


def test_an_hourglass_ends_with_its_input(scope):
    from fomm_core.network.blocks import hourglass, running_statistics

    image = np.random.default_rng(0).uniform(0, 1, (1, 3, 8, 16)).astype(np.float32)
    x = scope.Variable.from_numpy_array(image)
    features = hourglass(x, 4, 3, 8, running_statistics)
    features.forward()
    assert features.shape == (1, 4 + 3, 8, 16)
    np.testing.assert_array_equal(features.d[:, 4:], image)
    assert (features.d[:, :4] >= 0).all()
