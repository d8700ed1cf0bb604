"""The losses, each a pure function of graph variables (Section 3.3 of the paper).

Every function returns a scalar that is already weighted, averaged over the batch and summed
over scales and layers; or ``None`` where its weight turns it off, in which case nothing is
built. Images are (B, C, H, W) in [0, 1]. What a loss compares with (real features, targets,
true keypoints) gets no gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import nnabla as nn
import nnabla.functions as F
import numpy as np

from fomm_core.errors import ConfigError
from fomm_core.network.dense_motion import inverse_2x2
from fomm_core.network.warping import constant, coordinate_grid, reshape
from fomm_train.kernels.custom_function import stop_gradient
from fomm_train.losses.image_losses import gradient, reconstruction, warped_source
from fomm_train.losses.vgg19 import NUM_FEATURES, Vgg19
from fomm_train.losses.weighting import is_on, total

__all__ = [
    "background_supervision",
    "equivariance_jacobian",
    "equivariance_value",
    "feature_matching",
    "gan_discriminator",
    "gan_generator",
    "gradient",
    "jacobian_supervision",
    "keypoint_supervision",
    "perceptual",
    "reconstruction",
    "warped_source",
]


def _l1(prediction: nn.Variable, target: nn.Variable) -> nn.Variable:
    """Mean absolute difference; no gradient to the target."""
    return F.mean(F.absolute_error(prediction, stop_gradient(target)))


def perceptual(
    prediction: Mapping[float, nn.Variable],
    target: Mapping[float, nn.Variable],
    vgg: Vgg19,
    weights: Sequence[float] | None,
) -> nn.Variable | None:
    """L1 between VGG19 features of two pyramids (Johnson et al. 2016).

    Prediction and target pass VGG19 one after the other, not side by side in one batch: the
    target's half then needs no backward pass, more than a quarter of the whole cost.

    Args:
        prediction, target: images by scale.
        vgg: the fixed network.
        weights: one for each of relu1_1 .. relu5_1; missing ones count as 0. Layers behind
            the last one with a weight are not computed.

    Raises:
        ConfigError: there are more weights than features.
    """
    if weights is None or not is_on(weights):
        return None
    _check_count("perceptual", weights, NUM_FEATURES, "one for each of relu1_1 .. relu5_1")
    terms: list[nn.Variable | None] = []
    for scale, image in prediction.items():
        generated = vgg.features(image)
        real = vgg.features(stop_gradient(target[scale]))
        terms.append(_weighted_l1(generated, real, weights))
    return total(terms)


def feature_matching(
    real: Mapping[float, Sequence[nn.Variable]],
    fake: Mapping[float, Sequence[nn.Variable]],
    weights: Sequence[float] | None,
) -> nn.Variable | None:
    """L1 between the discriminator's features of real and generated images (Wang et al. 2018).

    Args:
        real, fake: features of each block, by scale; real ones get no gradient.
        weights: one for each block; missing ones count as 0.

    Raises:
        ConfigError: there are more weights than blocks.
    """
    if weights is None or not is_on(weights):
        return None
    for features in fake.values():
        _check_count("feature_matching", weights, len(features), "one for each block")
    return total(_weighted_l1(fake[scale], real[scale], weights) for scale in fake)


def _check_count(name: str, weights: Sequence[float] | None, most: int, meaning: str) -> None:
    if weights is not None and len(weights) > most:
        raise ConfigError(
            f"train_params.loss_weights.{name}: expected at most {most} weights, {meaning}; "
            f"found {len(weights)}"
        )


def _weighted_l1(
    predicted: Sequence[nn.Variable], target: Sequence[nn.Variable], weights: Sequence[float]
) -> nn.Variable | None:
    """Weighted sum of the L1 of several layers; layers without weight are not compared."""
    layers = zip(predicted, target, weights, strict=False)
    return total(_l1(a, b) * weight for a, b, weight in layers if weight)


def gan_generator(
    fake_predictions: Mapping[float, nn.Variable], weight: float | None
) -> nn.Variable | None:
    """Least-squares GAN loss of the generator (Mao et al. 2017): generated should pass as 1.

    Args:
        fake_predictions: the discriminator's (B, 1, h, w) of generated images, by scale.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    return total(_square(fake, 1) * weight for fake in fake_predictions.values())


def gan_discriminator(
    real_predictions: Mapping[float, nn.Variable],
    fake_predictions: Mapping[float, nn.Variable],
    weight: float | None,
) -> nn.Variable | None:
    """Least-squares GAN loss of the discriminator: real should give 1, generated 0.

    Args:
        real_predictions, fake_predictions: the discriminator's (B, 1, h, w), by scale. The
            generated images must have been detached from the generator.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    return total(
        (_square(real_predictions[scale], 1) + _square(fake, 0)) * weight
        for scale, fake in fake_predictions.items()
    )


def _square(prediction: nn.Variable, target: float) -> nn.Variable:
    """Mean squared difference from a number."""
    return F.mean(F.pow_scalar(prediction - target, 2))


def equivariance_value(
    kp_driving: nn.Variable, kp_transformed_warped: nn.Variable, weight: float | None
) -> nn.Variable | None:
    """Keypoints of a transformed frame, carried back, should be those of the frame.

    Args:
        kp_driving: (B, K, 2), detected in the driving frame.
        kp_transformed_warped: (B, K, 2), detected in the transformed frame and then moved by
            the transformation; gradients flow into both.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    return F.mean(F.absolute_error(kp_driving, kp_transformed_warped)) * weight


def equivariance_jacobian(
    jacobian_driving: nn.Variable,
    transform_jacobian: nn.Variable,
    jacobian_transformed: nn.Variable,
    weight: float | None,
) -> nn.Variable | None:
    """inv(J_driving) . J_transform . J_transformed should be the identity.

    Args:
        jacobian_driving: (B, K, 2, 2), detected in the driving frame.
        transform_jacobian: (B, K, 2, 2), of the transformation at the keypoints that were
            detected in the transformed frame.
        jacobian_transformed: (B, K, 2, 2), detected in the transformed frame.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    moved = F.batch_matmul(transform_jacobian, jacobian_transformed)
    ratio = F.batch_matmul(inverse_2x2(jacobian_driving), moved)
    identity = constant(np.eye(2, dtype=np.float32).reshape(1, 1, 2, 2))
    return F.mean(F.abs(ratio - identity)) * weight


def keypoint_supervision(
    value: nn.Variable, truth: nn.Variable, weight: float | None
) -> nn.Variable | None:
    """L1 between detected and true keypoints, (B, K, 2) each."""
    return _l1(value, truth) * weight if is_on(weight) else None


def jacobian_supervision(
    jacobian: nn.Variable, truth: nn.Variable, weight: float | None
) -> nn.Variable | None:
    """L1 between detected and true jacobians, (B, K, 2, 2) each."""
    return _l1(jacobian, truth) * weight if is_on(weight) else None


def background_supervision(
    deformation: nn.Variable, figure: nn.Variable, weight: float | None
) -> nn.Variable | None:
    """L1 between the deformation and none at all, where nothing but background is shown.

    Not in the paper, which leaves it to the masks (Eq. 5) to find out what stands still.

    Args:
        deformation: (B, h, w, 2) in the coordinates of the source, [-1, 1].
        figure: (B, 1, H, W) in [0, 1], 0 where the target shows background; H and W are
            multiples of h and w.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    size = deformation.shape[1:3]
    stride = tuple(whole // part for whole, part in zip(figure.shape[2:], size, strict=True))
    shown = 1 - F.average_pooling(stop_gradient(figure), stride)
    still = constant(coordinate_grid(*size)[None])
    error = F.absolute_error(deformation, F.broadcast(still, deformation.shape))
    return F.mean(error * reshape(shown, (*shown.shape[:1], *size, 1))) * weight
