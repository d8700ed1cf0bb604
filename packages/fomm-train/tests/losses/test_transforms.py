from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.network.warping import coordinate_grid
from fomm_core.utils.rng import make_rng
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.config import TransformParams
from fomm_train.losses.equivariance import equivariance_jacobian, equivariance_value
from fomm_train.losses.transforms import RandomTransform, TransformVariables

OPS = NNablaTrainingOperations()
PARAMS = TransformParams()
AFFINE = TransformParams(sigma_tps=0)
# Strong enough that a wrong derivative of the spline would show.
STRONG = TransformParams(sigma_affine=0.1, sigma_tps=0.05, points_tps=3)


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def values_of(variable):
    variable.forward()
    return variable.d.copy()


def variables(transform, params):
    made = TransformVariables.create(OPS, len(transform.theta), params)
    made.set(OPS, transform)
    return made


@pytest.fixture
def reference(golden):
    transform = RandomTransform(golden["transform_theta"], golden["transform_control_params"])
    return variables(transform, PARAMS)


def plain_warp(transform, positions):
    """The transformation of positions (B, N, 2) in float64, from its formula."""
    theta = transform.theta.astype(np.float64)
    points = round(transform.control_params.shape[2] ** 0.5)
    control = coordinate_grid(points, points).reshape(1, 1, -1, 2)
    distance = np.abs(positions[:, :, None] - control).sum(axis=3)
    bending = distance**2 * np.log(distance + 1e-6) * transform.control_params
    moved = np.einsum("bij,bnj->bni", theta[:, :, :2], positions) + theta[:, None, :, 2]
    return moved + bending.sum(axis=2, keepdims=True)


def plain_jacobian(transform, positions, step=1e-5):
    """The derivative of the transformation, by central differences."""
    columns = [
        (plain_warp(transform, positions + d) - plain_warp(transform, positions - d)) / (2 * step)
        for d in step * np.eye(2)
    ]
    return np.stack(columns, axis=3)


# ----- the golden numbers


def test_positions_are_warped_as_in_the_reference(golden, reference):
    found = values_of(reference.warp_coordinates(OPS, constant(golden["kp"])))
    np.testing.assert_allclose(found, golden["kp_warped"], atol=1e-6)


def test_the_jacobian_equals_the_derivative_of_the_reference(golden, reference):
    found = values_of(reference.jacobian(OPS, constant(golden["kp"])))
    np.testing.assert_allclose(found, golden["transform_jacobian"], atol=1e-6)


def test_frames_are_transformed_as_in_the_reference(golden, reference):
    found = values_of(reference.transform_frame(OPS, constant(golden["real"])))
    np.testing.assert_allclose(found, golden["transform_frame"], atol=1e-5)


# ----- drawing


@given(
    st.lists(st.integers(0, 2**62), min_size=1, max_size=4),
    st.integers(0, 2**32),
    st.integers(0, 3),
)
def test_a_sample_gets_its_transformation_whatever_batch_it_is_in(samples, seed, place):
    place %= len(samples)
    batch = RandomTransform.draw(np.array(samples), seed, PARAMS)
    alone = RandomTransform.draw(np.array(samples[place : place + 1]), seed, PARAMS)
    assert batch.theta.shape == (len(samples), 2, 3)
    assert batch.control_params.shape == (len(samples), 1, 25)
    np.testing.assert_array_equal(batch.theta[place], alone.theta[0])
    np.testing.assert_array_equal(batch.control_params[place], alone.control_params[0])


def test_samples_and_seeds_differ():
    first, second = RandomTransform.draw(np.array([1, 2]), 0, PARAMS).theta
    (other,) = RandomTransform.draw(np.array([1]), 1, PARAMS).theta
    assert (first != second).all()
    assert (first != other).all()


def test_draws_have_the_configured_deviations():
    drawn = RandomTransform.draw(np.arange(500), 0, PARAMS)
    assert (drawn.theta - np.eye(2, 3)).std() == pytest.approx(0.05, rel=0.05)
    assert drawn.control_params.std() == pytest.approx(0.005, rel=0.05)
    assert drawn.theta.mean(axis=0) == pytest.approx(np.eye(2, 3), abs=0.01)


def test_without_noise_all_transformations_are_the_identity(golden):
    params = TransformParams(sigma_affine=0, sigma_tps=0)
    transform = variables(RandomTransform.draw(np.arange(2), 0, params), params)
    frame, kp = constant(golden["real"]), constant(golden["kp"])
    np.testing.assert_allclose(
        values_of(transform.transform_frame(OPS, frame)), golden["real"], atol=1e-5
    )
    np.testing.assert_array_equal(values_of(transform.warp_coordinates(OPS, kp)), golden["kp"])
    np.testing.assert_array_equal(
        values_of(transform.jacobian(OPS, kp)), np.broadcast_to(np.eye(2), (2, 10, 2, 2))
    )


# ----- the mathematics


@given(st.integers(0, 2**32 - 1))
def test_control_parameters_of_zero_give_the_affine_transformation(seed):
    affine = RandomTransform.draw(np.array([seed]), 0, AFFINE)
    kp = constant(np.random.default_rng(seed).uniform(-1, 1, (1, 5, 2)))
    frame = constant(np.random.default_rng(seed).uniform(0, 1, (1, 3, 8, 8)))
    with_spline, without = variables(affine, PARAMS), variables(affine, AFFINE)
    assert without.control_params is None
    for found, expected in (
        (with_spline.warp_coordinates(OPS, kp), without.warp_coordinates(OPS, kp)),
        (with_spline.jacobian(OPS, kp), without.jacobian(OPS, kp)),
        (with_spline.transform_frame(OPS, frame), without.transform_frame(OPS, frame)),
    ):
        np.testing.assert_allclose(values_of(found), values_of(expected), atol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_the_jacobian_is_the_derivative_of_the_warp(seed):
    transform = RandomTransform.draw(np.array([seed, seed + 1]), 0, STRONG)
    kp = np.random.default_rng(seed).uniform(-0.95, 0.95, (2, 5, 2))
    kp = np.where(np.abs(kp) < 1e-3, 0.1, kp)  # off the lines on which U has no derivative
    found = values_of(variables(transform, STRONG).jacobian(OPS, constant(kp)))
    expected = plain_jacobian(transform, kp.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_gradients_flow_through_the_warp(evaluate, numeric_gradient):
    transform = RandomTransform.draw(np.arange(2), 0, STRONG)
    random = np.random.default_rng(7)
    detected, driving = random.uniform(-0.9, 0.9, (2, 2, 4, 2)).astype(np.float32)

    def build(kp):
        warped = variables(transform, STRONG).warp_coordinates(OPS, kp)
        return equivariance_value(OPS, constant(driving), warped, 10)

    _, (found,) = evaluate(build, detected)
    expected = numeric_gradient(
        lambda kp: 10 * np.abs(driving - plain_warp(transform, kp)).mean(), detected
    )
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_gradients_flow_through_the_jacobian(evaluate, numeric_gradient):
    """The loss of the jacobians also moves the keypoints: a second derivative of T."""
    transform = RandomTransform.draw(np.arange(2), 0, STRONG)
    random = np.random.default_rng(8)
    detected = random.uniform(-0.9, 0.9, (2, 4, 2)).astype(np.float32)
    noise = random.uniform(-0.2, 0.2, (2, 2, 4, 2, 2))
    jacobian_driving, jacobian_detected = (np.eye(2) + noise).astype(np.float32)

    def build(kp):
        at_kp = variables(transform, STRONG).jacobian(OPS, kp)
        driving, transformed = constant(jacobian_driving), constant(jacobian_detected)
        return equivariance_jacobian(OPS, driving, at_kp, transformed, 10)

    def plain(kp):
        moved = plain_jacobian(transform, kp, step=1e-4) @ jacobian_detected
        ratio = np.linalg.inv(jacobian_driving.astype(np.float64)) @ moved
        return 10 * np.abs(ratio - np.eye(2)).mean()

    _, (found,) = evaluate(build, detected)
    expected = numeric_gradient(plain, detected, step=1e-4)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-4)


def test_a_frame_shows_at_each_pixel_what_the_warp_points_to():
    transform = variables(RandomTransform.draw(np.arange(2), 0, STRONG), STRONG)
    ramp = coordinate_grid(24, 32)[None].transpose(0, 3, 1, 2) * 0.5  # shows its own positions
    pixels = np.tile(coordinate_grid(24, 32).reshape(1, -1, 2), (2, 1, 1))
    positions = values_of(transform.warp_coordinates(OPS, constant(pixels))).reshape(2, 24, 32, 2)
    shown = values_of(transform.transform_frame(OPS, constant(np.tile(ramp, (2, 1, 1, 1)))))
    inside = (np.abs(positions) < 1).all(axis=3)
    assert inside.mean() > 0.3
    np.testing.assert_allclose(
        2 * shown.transpose(0, 2, 3, 1)[inside], positions[inside], atol=1e-4
    )


def test_draws_are_those_of_earlier_versions():
    params = TransformParams(sigma_affine=0.05, sigma_tps=0.005, points_tps=2)
    drawn = RandomTransform.draw(np.array([0, 5, 2**40]), 3, params)
    theta = [
        [1.060334324836731, -0.006747636944055557, -0.07204700261354446],
        [0.055457860231399536, 1.1217195987701416, 0.000823960464913398],
    ]
    control = [
        -0.0039603849872946740,
        -0.0021436726674437523,
        0.0026553275529295206,
        -0.004616683814674616,
    ]
    np.testing.assert_array_equal(drawn.theta[2], np.array(theta, np.float32))
    np.testing.assert_array_equal(drawn.control_params[2, 0], np.array(control, np.float32))


# ----- turns, sizes and translations, of which the true answer is known

TURNED = TransformParams(
    sigma_affine=0.03, sigma_tps=0.01, points_tps=3, rotation=40, scale=1.45, shift=0.22
)


def test_without_turns_the_draws_are_those_of_earlier_versions():
    found = RandomTransform.draw(np.array([0, 3]), 5, PARAMS)
    for index, sample in enumerate((0, 3)):
        random = make_rng(5, int.from_bytes(b"equivariance", "big"), sample)
        theta = np.eye(2, 3) + 0.05 * random.standard_normal((2, 3))
        control = 0.005 * random.standard_normal((1, 25))
        np.testing.assert_array_equal(found.theta[index], theta.astype(np.float32))
        np.testing.assert_array_equal(found.control_params[index], control.astype(np.float32))


def test_turns_sizes_and_shifts_stay_within_their_bounds():
    params = TURNED.model_copy(update={"sigma_affine": 0.0})
    theta = RandomTransform.draw(np.arange(400), 1, params).theta
    size = np.sqrt(np.linalg.det(theta[:, :, :2]))
    angle = np.rad2deg(np.arctan2(theta[:, 1, 0], theta[:, 0, 0]))
    shift = np.abs(theta[:, :, 2])
    assert 1 / 1.45 - 1e-6 <= size.min() < 0.72
    assert 1.38 < size.max() <= 1.45 + 1e-6
    assert 30 < np.abs(angle).max() <= 40
    assert 0.2 < shift.max() <= 0.22
    assert np.std(angle) < 40 / 3**0.5  # small turns are the likeliest


def test_true_keypoints_are_exact_under_transformations():
    transform = RandomTransform.draw(np.arange(3), 2, TURNED)
    places = np.random.default_rng(0).uniform(-0.9, 0.9, (3, 4, 2))
    true_value = plain_warp(transform, places)
    true_jacobian = np.eye(2) + np.random.default_rng(1).normal(0, 0.3, (3, 4, 2, 2))
    # Keypoints seen in the transformed frame, and how the reference frame is mapped to it.
    seen = np.linalg.inv(plain_jacobian(transform, places)) @ true_jacobian
    made = variables(transform, TURNED)
    value = values_of(made.warp_coordinates(OPS, constant(places)))
    jacobian = values_of(OPS.matmul(made.jacobian(OPS, constant(places)), constant(seen)))
    np.testing.assert_allclose(value, true_value, atol=1e-5)
    np.testing.assert_allclose(jacobian, true_jacobian, atol=1e-3)


@given(st.integers(0, 1000))
def test_what_the_transformed_frame_shows_is_known(seed):
    params = TURNED.model_copy(update={"sigma_tps": 0.0})
    transform = RandomTransform.draw(np.array([4, 9]), seed, params)
    random = np.random.default_rng(seed)
    inside = random.uniform(-1, 1, (2, 5, 2))
    outside = inside.copy()
    outside[..., 0] = 1.1 * np.sign(inside[..., 0])
    assert transform.shows(plain_warp(transform, inside).astype(np.float32)).all()
    assert not transform.shows(plain_warp(transform, outside).astype(np.float32)).any()
