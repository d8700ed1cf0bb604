from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest

from fomm_core.errors import ConfigError
from fomm_core.model.parameters import load_parameters
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.config import DiscriminatorParams
from fomm_train.graph.discriminator import discriminate

SMALL = DiscriminatorParams(block_expansion=2, max_features=8, num_blocks=2)


@pytest.fixture
def ops():
    """Operations with parameters of their own, so that tests do not share them."""
    return NNablaTrainingOperations()


# Instance normalisation of nearly constant maps loses digits: the reference itself is up to
# 3e-4 from what float64 gives.
TOLERANCE = {"rtol": 1e-4, "atol": 5e-5}


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def set_parameters(ops, path):
    values = load_parameters(path)
    for name, variable in ops.parameters().items():
        variable.d = values[name]


def judge(ops, golden_io, kind, params):
    image, keypoints = constant(golden_io[kind]), constant(golden_io["kp_driving_value"])
    return discriminate(ops, {1.0: image}, keypoints, params)[1.0]


def test_features_and_prediction_equal_the_reference(ops, golden_io, mini_config, mini_params):
    params = mini_config.model_params.discriminator_params
    generated = judge(ops, golden_io, "generator_prediction", params)
    set_parameters(ops, mini_params)
    nn.forward_all([*generated.features, generated.prediction])
    assert len(generated.features) == 3
    for i, feature in enumerate(generated.features):
        expected = golden_io[f"discriminator_generated_feature_{i}"]
        np.testing.assert_allclose(feature.d, expected, **TOLERANCE)
    expected = golden_io["discriminator_generated_prediction"]
    np.testing.assert_allclose(generated.prediction.d, expected, **TOLERANCE)


def test_a_real_frame_is_judged_as_in_the_reference(ops, golden_io, mini_config, mini_params):
    real = judge(ops, golden_io, "driving", mini_config.model_params.discriminator_params)
    set_parameters(ops, mini_params)
    real.prediction.forward()
    expected = golden_io["discriminator_driving_prediction"]
    np.testing.assert_allclose(real.prediction.d, expected, **TOLERANCE)


@pytest.mark.parametrize(
    ("names", "size", "params"),
    [
        (
            "mini/parameters.json",
            64,
            {"block_expansion": 8, "max_features": 32, "num_blocks": 3, "sn": True, "use_kp": True},
        ),
        (
            "vox_adv_256_parameters.json",
            256,
            {"block_expansion": 32, "max_features": 512, "num_blocks": 4, "use_kp": True},
        ),
    ],
)
def test_names_and_shapes_are_those_of_the_published_files(ops, listed_shapes, names, size, params):
    image, keypoints = nn.Variable((1, 3, size, size)), nn.Variable((1, 10, 2))
    discriminate(ops, {1.0: image}, keypoints, DiscriminatorParams(**params))
    found = [(name, v.shape) for name, v in ops.parameters().items()]
    assert found == list(listed_shapes(names).items())


def test_each_scale_has_a_discriminator_of_its_own(ops):
    params = SMALL.model_copy(update={"scales": [1.0, 0.5]})
    images = {1.0: nn.Variable((1, 3, 32, 32)), 0.5: nn.Variable((1, 3, 16, 16))}
    judgements = discriminate(ops, images, None, params)
    assert list(judgements) == [1.0, 0.5]
    assert {name.split("/")[1] for name in ops.parameters()} == {"1", "0.5"}
    assert judgements[1.0].prediction.shape == (1, 1, 11, 11)
    assert judgements[0.5].prediction.shape == (1, 1, 3, 3)


def test_only_the_singular_vectors_are_not_trained(ops):
    params = SMALL.model_copy(update={"sn": True})
    discriminate(ops, {1.0: nn.Variable((1, 3, 16, 16))}, None, params)
    fixed = {name for name, v in ops.parameters().items() if not v.need_grad}
    assert len(fixed) == 3
    assert all(name.endswith("/conv/spectral-norm/u") for name in fixed)


def test_every_forward_pass_improves_the_singular_vectors(ops):
    params = SMALL.model_copy(update={"sn": True})
    image = constant(np.random.default_rng(9).uniform(0, 1, (1, 3, 16, 16)))
    judged = discriminate(ops, {1.0: image}, None, params)[1.0]
    vector = ops.parameters()["discriminator/1/downblock_0/conv/spectral-norm/u"]
    before = vector.d.copy()
    judged.prediction.forward()
    assert (vector.d != before).any()


def test_spectral_normalisation_takes_out_the_scale_of_the_weights(ops):
    params = SMALL.model_copy(update={"sn": True})
    image = constant(np.random.default_rng(10).uniform(0, 1, (1, 3, 16, 16)))
    judged = discriminate(ops, {1.0: image}, None, params)[1.0]
    for _ in range(50):  # until the singular vectors have settled
        judged.prediction.forward()
    before = judged.prediction.d.copy()
    for name, variable in ops.parameters().items():
        if name.endswith("/W"):
            variable.d = variable.d * 50
    judged.prediction.forward()
    np.testing.assert_allclose(judged.prediction.d, before, rtol=1e-4, atol=1e-6)


def test_no_gradient_reaches_the_keypoints_but_the_image(ops, evaluate):
    params = SMALL.model_copy(update={"use_kp": True})
    random = np.random.default_rng(11)

    def build(image, keypoints):
        import nnabla.functions as F

        return F.sum(discriminate(ops, {1.0: image}, keypoints, params)[1.0].prediction)

    _, (to_image, to_keypoints) = evaluate(
        build, random.uniform(0, 1, (1, 3, 16, 16)), random.uniform(-1, 1, (1, 4, 2))
    )
    assert np.abs(to_image).max() > 0
    assert not to_keypoints.any()


def test_keypoints_are_required_where_they_are_shown(ops):
    params = SMALL.model_copy(update={"use_kp": True})
    with pytest.raises(ValueError, match="expected keypoints, found none"):
        discriminate(ops, {1.0: nn.Variable((1, 3, 16, 16))}, None, params)


@pytest.mark.parametrize(("size", "blocks"), [(64, 4), (52, 3), (24, 2), (4, 1)])
def test_images_too_small_for_the_blocks_are_refused(ops, size, blocks):
    image = constant(np.zeros((1, 3, size, size)))
    most = SMALL.model_copy(update={"num_blocks": blocks})
    (output,) = discriminate(ops, {1.0: image}, None, most).values()
    assert min(output.prediction.shape[2:]) >= 1
    more = SMALL.model_copy(update={"num_blocks": 5})
    with pytest.raises(ConfigError, match=f"at most {blocks} for images of {size} x {size}"):
        discriminate(NNablaTrainingOperations(), {1.0: image}, None, more)
