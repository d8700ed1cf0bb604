from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.errors import ConfigError
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.losses.adversarial import feature_matching, gan_discriminator, gan_generator

OPS = NNablaTrainingOperations()


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def value_of(loss):
    loss.forward()
    return float(loss.d)


def features(golden, kind):
    return {1.0: [constant(golden[f"feature_{kind}_{i}"]) for i in range(3)]}


ANY = {1.0: constant(np.ones((1, 1, 4, 4)))}
IMAGE = ANY[1.0]


def test_lsgan_of_the_generator_equals_the_reference(golden):
    loss = gan_generator(OPS, {1.0: constant(golden["disc_fake"])}, 1)
    assert value_of(loss) == pytest.approx(float(golden["loss_lsgan_generator_w1"]), rel=1e-5)


def test_lsgan_of_the_discriminator_equals_the_reference(golden):
    real, fake = ({1.0: constant(golden[f"disc_{kind}"])} for kind in ("real", "fake"))
    loss = gan_discriminator(OPS, real, fake, 1)
    assert value_of(loss) == pytest.approx(float(golden["loss_lsgan_discriminator_w1"]), rel=1e-5)


def test_feature_matching_equals_the_reference(golden):
    loss = feature_matching(OPS, features(golden, "real"), features(golden, "fake"), [10] * 3)
    assert value_of(loss) == pytest.approx(float(golden["loss_feature_matching_w10"]), rel=1e-5)


def test_feature_matching_moves_generated_features_only(golden, evaluate):
    def build(real, fake):
        return feature_matching(OPS, {1.0: [real]}, {1.0: [fake]}, [10])

    real, fake = golden["feature_real_0"], golden["feature_fake_0"]
    _, (to_real, to_fake) = evaluate(build, real, fake)
    assert not to_real.any()
    np.testing.assert_allclose(to_fake, 10 * np.sign(fake - real) / fake.size, rtol=1e-5)


@pytest.mark.parametrize("off", [0, 0.0, None])
@pytest.mark.parametrize(
    "loss",
    [
        lambda off: gan_generator(OPS, ANY, off),
        lambda off: gan_discriminator(OPS, ANY, ANY, off),
    ],
)
def test_a_weight_of_zero_builds_nothing(loss, off):
    assert loss(off) is None


@pytest.mark.parametrize("off", [[], [0, 0.0], None])
def test_a_list_without_weights_builds_nothing(off):
    assert feature_matching(OPS, {1.0: [IMAGE]}, {1.0: [IMAGE]}, off) is None


def test_more_weights_than_layers_are_refused():
    with pytest.raises(ConfigError, match=r"feature_matching: expected at most 1 .* found 2$"):
        feature_matching(OPS, {1.0: [IMAGE]}, {1.0: [IMAGE]}, [10, 10])


@given(st.floats(-2, 2), st.floats(0.125, 8))
def test_lsgan_is_the_squared_distance_from_what_is_wanted(prediction, weight):
    judged = {1.0: constant(np.full((2, 1, 3, 3), prediction))}
    assert value_of(gan_generator(OPS, judged, weight)) == pytest.approx(
        weight * (1 - prediction) ** 2, rel=1e-4, abs=1e-6
    )
    assert value_of(gan_discriminator(OPS, judged, judged, weight)) == pytest.approx(
        weight * ((1 - prediction) ** 2 + prediction**2), rel=1e-4, abs=1e-6
    )


def test_lsgan_is_zero_at_its_optimum_and_sums_over_scales():
    ones, zeros = (
        {scale: constant(np.full((2, 1, 3, 3), v)) for scale in (1.0, 0.5)} for v in (1, 0)
    )
    assert value_of(gan_generator(OPS, ones, 3)) == 0
    assert value_of(gan_discriminator(OPS, ones, zeros, 3)) == 0
    assert value_of(gan_generator(OPS, zeros, 3)) == pytest.approx(2 * 3)
    assert value_of(gan_discriminator(OPS, zeros, ones, 3)) == pytest.approx(2 * 3 * 2)


def test_feature_matching_of_equal_features_is_zero(golden):
    same = features(golden, "real")
    assert value_of(feature_matching(OPS, same, features(golden, "real"), [10] * 3)) == 0
