"""How the parameters of the blocks begin, and what batch normalisation does with them."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def operations(nnabla):
    """Makes operations with parameters of their own."""
    from fomm_core.network.nnabla_operations import NNablaOperations

    return NNablaOperations


def test_convolutions_begin_uniform_within_he_bounds(nnabla, operations):
    ops = operations()
    ops.convolution(nnabla.Variable((1, 16, 8, 8)), 64, 3, 1)
    limit = np.sqrt(2 / (16 * 3 * 3)) / np.sqrt(2)
    parameters = ops.parameters()
    weights, bias = (parameters[name].d for name in ("conv/W", "conv/b"))
    for array in (weights, bias):
        assert 0.9 * limit < np.abs(array).max() <= limit
    assert abs(weights.mean()) < 0.05 * limit
    assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


def test_jacobians_begin_as_the_identity(nnabla, tiny):
    from fomm_core.network.graph import Networks
    from fomm_core.network.nnabla_operations import NNablaOperations
    from fomm_core.network.stages import build_stages

    stages = build_stages(Networks(tiny(), NNablaOperations()))
    image = np.random.default_rng(0).uniform(0, 1, (1, 3, 24, 32)).astype(np.float32)
    found = stages["keypoints"](image=image)["jacobian"]
    np.testing.assert_allclose(found, np.tile(np.eye(2), (1, 3, 1, 1)), atol=1e-5)


def test_inference_normalises_by_what_training_recorded(nnabla, operations):
    from fomm_core.network.nnabla_operations import batch_statistics

    training = operations(batch_statistics)
    inference = operations(root=training.root)
    x = nnabla.Variable.from_numpy_array(
        np.random.default_rng(0).normal(3, 2, (8, 1, 16, 16)).astype(np.float32)
    )
    trained = training.batch_normalization(x)
    for _ in range(60):
        trained.forward()
    assert trained.d.mean() == pytest.approx(0, abs=1e-4)
    assert trained.d.std() == pytest.approx(1, abs=1e-3)
    recorded = training.parameters()
    assert recorded["bn/mean"].d.item() == pytest.approx(x.d.mean(), rel=0.01)
    assert recorded["bn/var"].d.item() == pytest.approx(x.d.var(), rel=0.01)
    inferred = inference.batch_normalization(x)
    inferred.forward()
    np.testing.assert_allclose(inferred.d, trained.d, atol=0.02)


def test_a_residual_block_adds_to_its_input(nnabla, operations):
    from fomm_core.network.blocks import residual_block

    ops = operations()
    x = nnabla.Variable.from_numpy_array(np.full((1, 4, 6, 6), 0.5, np.float32))
    block = residual_block(ops, x)
    for name, parameter in ops.parameters().items():
        if "/conv/" in name:
            parameter.d = 0
    block.forward()
    np.testing.assert_array_equal(block.d, x.d)


def test_an_hourglass_ends_with_its_input(nnabla, operations):
    from fomm_core.network.blocks import hourglass

    image = np.random.default_rng(0).uniform(0, 1, (1, 3, 8, 16)).astype(np.float32)
    x = nnabla.Variable.from_numpy_array(image)
    features = hourglass(operations(), x, 4, 3, 8)
    features.forward()
    assert features.shape == (1, 4 + 3, 8, 16)
    np.testing.assert_array_equal(features.d[:, 4:], image)
    assert (features.d[:, :4] >= 0).all()
