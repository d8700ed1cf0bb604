"""PyTorch's networks and losses give what the reference implementation gives."""

from dataclasses import replace

import numpy as np
import pytest

from fomm_core.model.parameters import load_parameters
from fomm_core.network.graph import Networks
from fomm_train.graph.discriminator import discriminate
from fomm_train.losses.adversarial import feature_matching, gan_discriminator, gan_generator
from fomm_train.losses.equivariance import equivariance_jacobian, equivariance_value
from fomm_train.losses.perceptual import perceptual
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.transforms import TransformVariables
from fomm_train.losses.vgg19 import Vgg19

SCALES = (1.0, 0.5, 0.25, 0.125)


@pytest.fixture
def networks(torch_ops, mini_config, mini_params, golden_io):
    from fomm_train.backend.torch.normalization import batch_statistics

    source = torch_ops.constant(golden_io["source"])
    trained = Networks(mini_config, replace(torch_ops, normalize=batch_statistics))
    with torch_ops.store.declaring():
        keypoints, encoded = trained.keypoints(source), trained.encoder(source)
        motion = trained.motion(encoded.small, keypoints, keypoints)
        trained.decoder(encoded, motion.deformation, motion.occlusion_map, motion.features)
    networks = Networks(mini_config, torch_ops)
    networks.load(load_parameters(mini_params), "golden")
    return networks


def test_keypoints_motion_and_frames(networks, torch_ops, golden_io, values):
    source, driving = (torch_ops.constant(golden_io[name]) for name in ("source", "driving"))
    kp_source, kp_driving = networks.keypoints(source), networks.keypoints(driving)
    encoded = networks.encoder(source)
    motion = networks.motion(encoded.small, kp_source, kp_driving)
    decoded = networks.decoder(encoded, motion.deformation, motion.occlusion_map, motion.features)
    found = {
        "kp_source_value": kp_source.value,
        "kp_source_jacobian": kp_source.jacobian,
        "kp_driving_value": kp_driving.value,
        "kp_driving_jacobian": kp_driving.jacobian,
        "generator_mask": motion.mask,
        "generator_sparse_deformed": motion.sparse_deformed,
        "generator_occlusion_map": motion.occlusion_map,
        "generator_deformed": decoded.deformed,
        "generator_prediction": decoded.prediction,
    }
    for name, tensor in found.items():
        # The source is white noise, whose warps are steep: see fomm-core's golden tests.
        tolerance = 5e-5 if "deformed" in name else 1e-5
        np.testing.assert_allclose(values(tensor), golden_io[name], rtol=0, atol=tolerance)


def test_the_pyramid(torch_ops, golden_io, values):
    found = pyramid(torch_ops, torch_ops.constant(golden_io["driving"]), SCALES)
    for scale, image in found.items():
        expected = golden_io[f"pyramid_driving_{scale:g}"]
        np.testing.assert_allclose(values(image), expected, rtol=0, atol=1e-5)


def test_the_discriminator(torch_ops, golden_io, mini_config, mini_params, values):
    params = mini_config.model_params.discriminator_params
    image = {1.0: torch_ops.constant(golden_io["generator_prediction"])}
    keypoints = torch_ops.constant(golden_io["kp_driving_value"])
    with torch_ops.store.declaring():
        discriminate(torch_ops, image, keypoints, params)
    golden = load_parameters(mini_params)
    for name, parameter in torch_ops.parameters().items():
        torch_ops.write(parameter, golden[name])
    found = discriminate(torch_ops, image, keypoints, params)[1.0]
    # The golden numbers carry the rounding of a variance; these equal float64 to 5e-6.
    for i, feature in enumerate(found.features):
        expected = golden_io[f"discriminator_generated_feature_{i}"]
        np.testing.assert_allclose(values(feature), expected, rtol=1e-4, atol=3e-4)
    expected = golden_io["discriminator_generated_prediction"]
    np.testing.assert_allclose(values(found.prediction), expected, rtol=1e-4, atol=3e-4)


def test_perceptual(torch_ops, golden, vgg_parameters, values):
    vgg, weights = Vgg19(torch_ops, vgg_parameters), [1, 2, 3, 4, 5]
    real, fake = (
        pyramid(torch_ops, torch_ops.constant(golden[name]), SCALES) for name in ("real", "fake")
    )
    expected = float((golden["perceptual_l1"] @ weights).sum())
    assert values(perceptual(torch_ops, fake, real, vgg, weights)) == pytest.approx(
        expected, rel=1e-5
    )


def test_equivariance(torch_ops, golden, values):
    at = {name: torch_ops.constant(array) for name, array in golden.items() if array.ndim}
    transform = TransformVariables(at["transform_theta"], at["transform_control_params"])
    warped = transform.warp_coordinates(torch_ops, at["kp"])
    np.testing.assert_allclose(values(warped), golden["kp_warped"], atol=1e-5)
    jacobian = transform.jacobian(torch_ops, at["kp"])
    np.testing.assert_allclose(values(jacobian), golden["transform_jacobian"], atol=1e-4)
    frame = transform.transform_frame(torch_ops, at["real"])
    np.testing.assert_allclose(values(frame), golden["transform_frame"], atol=5e-5)
    value = equivariance_value(torch_ops, at["kp_driving"], at["kp_warped"], 10)
    assert values(value) == pytest.approx(float(golden["loss_equivariance_value_w10"]), rel=1e-5)
    loss = equivariance_jacobian(
        torch_ops,
        at["jacobian_driving"],
        at["transform_jacobian"],
        at["jacobian_transformed"],
        10,
    )
    expected = float(golden["loss_equivariance_jacobian_w10"])
    assert values(loss) == pytest.approx(expected, rel=1e-5)


def test_losses_with_a_discriminator(torch_ops, golden, values):
    at = {name: torch_ops.constant(array) for name, array in golden.items() if array.ndim}
    real, fake = ({1.0: at[f"disc_{kind}"]} for kind in ("real", "fake"))
    features = {
        kind: {1.0: [at[f"feature_{kind}_{i}"] for i in range(3)]} for kind in ("real", "fake")
    }
    found = {
        "lsgan_generator_w1": gan_generator(torch_ops, fake, 1),
        "lsgan_discriminator_w1": gan_discriminator(torch_ops, real, fake, 1),
        "feature_matching_w10": feature_matching(
            torch_ops, features["real"], features["fake"], [10] * 3
        ),
    }
    for name, loss in found.items():
        assert values(loss) == pytest.approx(float(golden[f"loss_{name}"]), rel=1e-5), name
