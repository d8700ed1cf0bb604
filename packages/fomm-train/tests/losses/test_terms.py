from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.errors import ConfigError
from fomm_train.losses import terms as losses
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.weighting import total

SCALES = (1.0, 0.5, 0.25, 0.125)


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def value_of(loss):
    loss.forward()
    return float(loss.d)


def features(golden, kind):
    return {1.0: [constant(golden[f"feature_{kind}_{i}"]) for i in range(3)]}


def matrices(random, count):
    """Well-conditioned 2x2 matrices, (1, count, 2, 2)."""
    return np.eye(2) + random.uniform(-0.3, 0.3, (1, count, 2, 2))


# ----- the golden numbers


def test_lsgan_of_the_generator_equals_the_reference(golden):
    loss = losses.gan_generator({1.0: constant(golden["disc_fake"])}, 1)
    assert value_of(loss) == pytest.approx(float(golden["loss_lsgan_generator_w1"]), rel=1e-5)


def test_lsgan_of_the_discriminator_equals_the_reference(golden):
    real, fake = ({1.0: constant(golden[f"disc_{kind}"])} for kind in ("real", "fake"))
    loss = losses.gan_discriminator(real, fake, 1)
    assert value_of(loss) == pytest.approx(float(golden["loss_lsgan_discriminator_w1"]), rel=1e-5)


def test_feature_matching_equals_the_reference(golden):
    loss = losses.feature_matching(features(golden, "real"), features(golden, "fake"), [10] * 3)
    assert value_of(loss) == pytest.approx(float(golden["loss_feature_matching_w10"]), rel=1e-5)


def test_equivariance_of_values_equals_the_reference(golden):
    loss = losses.equivariance_value(
        constant(golden["kp_driving"]), constant(golden["kp_warped"]), 10
    )
    expected = float(golden["loss_equivariance_value_w10"])
    assert value_of(loss) == pytest.approx(expected, rel=1e-5)


def test_equivariance_of_jacobians_equals_the_reference(golden):
    loss = losses.equivariance_jacobian(
        constant(golden["jacobian_driving"]),
        constant(golden["transform_jacobian"]),
        constant(golden["jacobian_transformed"]),
        10,
    )
    expected = float(golden["loss_equivariance_jacobian_w10"])
    assert value_of(loss) == pytest.approx(expected, rel=1e-5)


def perceptual(golden, vgg, weights, scales=SCALES, need_grad=False):
    real, fake = (
        pyramid(nn.Variable.from_numpy_array(golden[k], need_grad=need_grad), scales)
        for k in ("real", "fake")
    )
    return losses.perceptual(fake, real, vgg, weights)


def test_perceptual_equals_the_reference_layer_by_layer(golden, vgg):
    weights = [1, 2, 3, 4, 5]
    expected = float((golden["perceptual_l1"] @ weights).sum())
    assert value_of(perceptual(golden, vgg, weights)) == pytest.approx(expected, rel=1e-5)


def test_perceptual_honours_a_zero_and_a_short_list(golden, vgg):
    loss = perceptual(golden, vgg, [0, 7], scales=(0.25,))
    assert value_of(loss) == pytest.approx(7 * golden["perceptual_l1"][2, 1], rel=1e-5)


# ----- what is not wanted costs nothing


def test_layers_behind_the_last_weight_are_not_computed(golden, vgg, functions_in):
    loss = perceptual(golden, vgg, [10, 10, 10, 0, 0], scales=(0.125,))
    assert functions_in(loss)["Convolution"] == 2 * 5


def test_real_features_of_vgg_have_no_backward_work(golden, vgg, functions_in):
    loss = perceptual(golden, vgg, [10] * 5, scales=(0.125,), need_grad=True)
    assert functions_in(loss)["Convolution"] == 2 * 13
    assert functions_in(loss, only_with_gradient=True)["Convolution"] == 13


def test_perceptual_moves_the_prediction_only(golden, vgg, evaluate):
    def build(prediction, target):
        pyramids = (pyramid(image, (0.125,)) for image in (prediction, target))
        return losses.perceptual(*pyramids, vgg, [10] * 5)

    _, (to_prediction, to_target) = evaluate(build, golden["fake"], golden["real"])
    assert np.abs(to_prediction).max() > 0
    assert not to_target.any()


def test_feature_matching_moves_generated_features_only(golden, evaluate):
    def build(real, fake):
        return losses.feature_matching({1.0: [real]}, {1.0: [fake]}, [10])

    real, fake = golden["feature_real_0"], golden["feature_fake_0"]
    _, (to_real, to_fake) = evaluate(build, real, fake)
    assert not to_real.any()
    np.testing.assert_allclose(to_fake, 10 * np.sign(fake - real) / fake.size, rtol=1e-5)


ANY = {1.0: constant(np.ones((1, 1, 4, 4)))}
IMAGE = ANY[1.0]


@pytest.mark.parametrize("off", [0, 0.0, None])
@pytest.mark.parametrize(
    "loss",
    [
        lambda off: losses.gan_generator(ANY, off),
        lambda off: losses.gan_discriminator(ANY, ANY, off),
        lambda off: losses.equivariance_value(IMAGE, IMAGE, off),
        lambda off: losses.equivariance_jacobian(IMAGE, IMAGE, IMAGE, off),
        lambda off: losses.keypoint_supervision(IMAGE, IMAGE, off),
        lambda off: losses.jacobian_supervision(IMAGE, IMAGE, off),
        lambda off: losses.background_supervision(IMAGE, IMAGE, off),
        lambda off: losses.reconstruction(ANY, ANY, off),
        lambda off: losses.gradient(IMAGE, IMAGE, off),
        lambda off: losses.warped_source(IMAGE, IMAGE, off),
    ],
)
def test_a_weight_of_zero_builds_nothing(loss, off):
    assert loss(off) is None


@pytest.mark.parametrize("off", [[], [0, 0.0], None])
def test_a_list_without_weights_builds_nothing(off):
    assert losses.perceptual(ANY, ANY, None, off) is None
    assert losses.feature_matching({1.0: [IMAGE]}, {1.0: [IMAGE]}, off) is None


def test_more_weights_than_layers_are_refused(vgg):
    with pytest.raises(ConfigError, match=r"loss_weights\.perceptual: expected at most 5 .* 6$"):
        losses.perceptual(ANY, ANY, vgg, [10] * 6)
    with pytest.raises(ConfigError, match=r"feature_matching: expected at most 1 .* found 2$"):
        losses.feature_matching({1.0: [IMAGE]}, {1.0: [IMAGE]}, [10, 10])


def test_total_adds_the_losses_that_are_on():
    assert value_of(total([None, constant(2), constant(3), None])) == 5
    assert total([None, None]) is None


# ----- properties


@given(st.floats(-2, 2), st.floats(0.125, 8))
def test_lsgan_is_the_squared_distance_from_what_is_wanted(prediction, weight):
    judged = {1.0: constant(np.full((2, 1, 3, 3), prediction))}
    assert value_of(losses.gan_generator(judged, weight)) == pytest.approx(
        weight * (1 - prediction) ** 2, rel=1e-4, abs=1e-6
    )
    assert value_of(losses.gan_discriminator(judged, judged, weight)) == pytest.approx(
        weight * ((1 - prediction) ** 2 + prediction**2), rel=1e-4, abs=1e-6
    )


def test_lsgan_is_zero_at_its_optimum_and_sums_over_scales():
    ones, zeros = (
        {scale: constant(np.full((2, 1, 3, 3), v)) for scale in (1.0, 0.5)} for v in (1, 0)
    )
    assert value_of(losses.gan_generator(ones, 3)) == 0
    assert value_of(losses.gan_discriminator(ones, zeros, 3)) == 0
    assert value_of(losses.gan_generator(zeros, 3)) == pytest.approx(2 * 3)
    assert value_of(losses.gan_discriminator(zeros, ones, 3)) == pytest.approx(2 * 3 * 2)


def test_feature_matching_of_equal_features_is_zero(golden):
    same = features(golden, "real")
    assert value_of(losses.feature_matching(same, features(golden, "real"), [10] * 3)) == 0


@given(st.integers(0, 2**32 - 1))
def test_an_exactly_equivariant_detector_has_no_equivariance_loss(seed):
    random = np.random.default_rng(seed)
    transform, transformed = matrices(random, 4), matrices(random, 4)
    driving = transform @ transformed
    value = random.uniform(-1, 1, (1, 4, 2))
    loss = losses.equivariance_jacobian(
        constant(driving), constant(transform), constant(transformed), 1
    )
    assert value_of(loss) == pytest.approx(0, abs=1e-5)
    assert value_of(losses.equivariance_value(constant(value), constant(value), 1)) == 0


def test_gradients_of_the_equivariance_of_jacobians(evaluate, numeric_gradient):
    random = np.random.default_rng(1)
    arrays = [matrices(random, 3).astype(np.float32) for _ in range(3)]

    def plain(driving, transform, transformed):
        ratio = np.linalg.inv(driving) @ transform @ transformed
        return 10 * np.abs(ratio - np.eye(2)).mean()

    value, gradients = evaluate(lambda *v: losses.equivariance_jacobian(*v, 10), *arrays)
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
        lambda a, b: losses.equivariance_value(a, b, 6), driving, warped
    )
    np.testing.assert_allclose(to_driving, 6 * np.sign(driving - warped) / 12, rtol=1e-5)
    np.testing.assert_allclose(to_warped, -to_driving, rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "shape"),
    [(losses.keypoint_supervision, (2, 3, 2)), (losses.jacobian_supervision, (2, 3, 2, 2))],
)
def test_supervision_is_the_l1_to_the_truth_and_moves_the_detector_only(loss, shape, evaluate):
    random = np.random.default_rng(3)
    found, truth = random.uniform(-1, 1, (2, *shape))
    value, (to_found, to_truth) = evaluate(lambda a, b: loss(a, b, 5), found, truth)
    assert value == pytest.approx(5 * np.abs(found - truth).mean(), rel=1e-5)
    np.testing.assert_allclose(to_found, 5 * np.sign(found - truth) / found.size, rtol=1e-5)
    assert not to_truth.any()


def test_background_that_moves_costs_as_far_as_it_is_seen(evaluate):
    random = np.random.default_rng(6)
    deformation = random.uniform(-1, 1, (2, 4, 3, 2))
    figure = random.uniform(0, 1, (2, 1, 8, 12))
    value, (to_deformation, to_figure) = evaluate(
        lambda a, b: losses.background_supervision(a, b, 5), deformation, figure
    )
    shown = 1 - figure.reshape(2, 4, 2, 3, 4).mean(axis=(2, 4))[..., None]
    x, y = np.meshgrid([-1, 0, 1], np.linspace(-1, 1, 4))
    error = deformation - np.stack([x, y], axis=-1)
    assert value == pytest.approx(5 * (np.abs(error) * shown).mean(), rel=1e-5)
    expected = 5 * np.sign(error) * shown / deformation.size
    np.testing.assert_allclose(to_deformation, expected, rtol=1e-4)
    assert not to_figure.any()


def test_background_that_stands_still_costs_nothing(evaluate):
    still = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 1.0]), axis=-1)[None]
    value, _ = evaluate(
        lambda a, b: losses.background_supervision(a, b, 5), still, np.zeros((1, 1, 2, 3))
    )
    assert value == 0
