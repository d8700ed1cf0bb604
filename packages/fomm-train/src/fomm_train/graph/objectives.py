"""The objectives of the networks: the configured losses of one batch, summed (Section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fomm_core.errors import ConfigError
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import DiscriminatorParams, TrainConfig
from fomm_train.graph.discriminator import DiscriminatorOutput, discriminate
from fomm_train.graph.forward import ForwardOutputs
from fomm_train.graph.inputs import StepInputs
from fomm_train.losses.adversarial import feature_matching, gan_discriminator, gan_generator
from fomm_train.losses.equivariance import equivariance_jacobian, equivariance_value
from fomm_train.losses.perceptual import perceptual
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.reconstruction import gradient, reconstruction, warped_source
from fomm_train.losses.supervision import (
    background_supervision,
    jacobian_supervision,
    keypoint_supervision,
    transformed_jacobians,
    transformed_keypoints,
)
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.weighting import is_on, total

_OptionalTerm = tuple[str, Tensor | None]


@dataclass(frozen=True, eq=False)
class Term:
    """One loss.

    Attributes:
        name: what logs call it; the key of its weight in the configuration.
        value: weighted scalar.
    """

    name: str
    value: Tensor


@dataclass(frozen=True, eq=False)
class Objective:
    """A sum of losses.

    Attributes:
        total: the scalar to minimise.
        terms: its summands; readable after the forward and the backward pass.
        detections: keypoints that it depends on, in the order in which they are detected.
    """

    total: Tensor
    terms: tuple[Term, ...]
    detections: tuple[Tensor, ...] = ()


@dataclass(frozen=True, eq=False)
class Pyramids:
    """Predictions and targets at several scales, (B, C, H * scale, W * scale) each."""

    prediction: dict[float, Tensor]
    target: dict[float, Tensor]


def is_adversarial(config: TrainConfig) -> bool:
    """Whether there is a discriminator: where the generator is to deceive one (stage two)."""
    return is_on(config.train_params.loss_weights.generator_gan)


def trains_discriminator(config: TrainConfig) -> bool:
    """Whether the discriminator learns."""
    return is_adversarial(config) and is_on(config.train_params.loss_weights.discriminator_gan)


def generator_objective(
    ops: TrainingOperations,
    config: TrainConfig,
    inputs: StepInputs,
    outputs: ForwardOutputs,
    vgg: Vgg19 | None,
    precision: Precision,
    adversarial: bool = True,
) -> Objective:
    """The losses of generator and keypoint detector.

    Args:
        ops: what computes; the discriminator's parameters get no gradient here.
        config: weights and options of the losses.
        inputs: targets, transformations and truths.
        outputs: of the networks.
        vgg: needed where the perceptual loss is on.
        precision: which parts compute in half precision.
        adversarial: with the losses that need a discriminator, where they are on.

    Raises:
        ConfigError: no loss is on, or one cannot work with these networks.
    """
    adversarial = adversarial and is_adversarial(config)
    pyramids = _pyramids(ops, config, inputs, outputs.decoded.prediction, adversarial)
    return _sum(
        ops,
        [
            *_perceptual(ops, config, pyramids, vgg, precision),
            *(_adversarial(ops, config, pyramids, outputs, precision) if adversarial else ()),
            *_equivariance(ops, config, inputs, outputs),
            *_images(ops, config, pyramids, inputs, outputs),
            *_supervision(ops, config, inputs, outputs),
            *_transformed(ops, config, inputs, outputs),
        ],
        outputs.detections(),
    )


def discriminator_objective(
    ops: TrainingOperations,
    config: TrainConfig,
    inputs: StepInputs,
    outputs: ForwardOutputs,
    precision: Precision,
) -> Objective:
    """The loss of the discriminator on the predictions of the generator's last forward pass.

    Raises:
        ConfigError: its weight is 0.
    """
    weight = config.train_params.loss_weights.discriminator_gan
    params = _discriminator_params(config)
    # Cut off, not merely without gradient: the generator must not run again.
    prediction = ops.detach(outputs.decoded.prediction)
    keypoints = ops.detach(outputs.kp_driving.value)
    with precision.images():
        real = discriminate(ops, pyramid(ops, inputs.target, params.scales), keypoints, params)
        fake = discriminate(ops, pyramid(ops, prediction, params.scales), keypoints, params)
    with precision.everything():
        loss = gan_discriminator(ops, _predictions(real), _predictions(fake), weight)
    return _sum(ops, [("discriminator_gan", loss)])


def _sum(
    ops: TrainingOperations, terms: list[_OptionalTerm], detections: tuple[Tensor, ...] = ()
) -> Objective:
    """Add the losses that are on and keep them readable."""
    present = tuple(Term(name, value) for name, value in terms if value is not None)
    summed = total(term.value for term in present)
    if summed is None:
        raise ConfigError("train_params.loss_weights: expected a weight above 0, found none")
    for value in (summed, *(term.value for term in present)):
        ops.keep(value)
    return Objective(summed, present, detections)


def _pyramids(
    ops: TrainingOperations,
    config: TrainConfig,
    inputs: StepInputs,
    prediction: Tensor,
    adversarial: bool,
) -> Pyramids:
    """At the scales of the losses on images and of the discriminators."""
    scales = list(config.train_params.scales)
    if adversarial:
        scales += [s for s in _discriminator_params(config).scales if s not in scales]
    return Pyramids(
        pyramid(ops, prediction, scales),
        pyramid(ops, inputs.target, scales),
    )


def _perceptual(
    ops: TrainingOperations,
    config: TrainConfig,
    pyramids: Pyramids,
    vgg: Vgg19 | None,
    precision: Precision,
) -> Iterator[_OptionalTerm]:
    params = config.train_params
    if not is_on(params.loss_weights.perceptual):
        return
    if vgg is None:
        raise ConfigError("train_params.loss_weights.perceptual: expected VGG19, found none")
    with precision.images():
        prediction = {scale: pyramids.prediction[scale] for scale in params.scales}
        loss = perceptual(ops, prediction, pyramids.target, vgg, params.loss_weights.perceptual)
    yield "perceptual", loss


def _adversarial(
    ops: TrainingOperations,
    config: TrainConfig,
    pyramids: Pyramids,
    outputs: ForwardOutputs,
    precision: Precision,
) -> Iterator[_OptionalTerm]:
    weights = config.train_params.loss_weights
    params = _discriminator_params(config)
    keypoints = outputs.kp_driving.value
    fixed = ops.without_training()
    with precision.images():
        fake = discriminate(fixed, pyramids.prediction, keypoints, params)
        matching = None
        if is_on(weights.feature_matching):
            real = discriminate(fixed, pyramids.target, keypoints, params)
            matching = feature_matching(
                ops, _features(real), _features(fake), weights.feature_matching
            )
    yield "generator_gan", gan_generator(ops, _predictions(fake), weights.generator_gan)
    yield "feature_matching", matching


def _equivariance(
    ops: TrainingOperations, config: TrainConfig, inputs: StepInputs, outputs: ForwardOutputs
) -> Iterator[_OptionalTerm]:
    weights = config.train_params.loss_weights
    driving, transformed = outputs.kp_driving, outputs.kp_transformed
    if inputs.transform is None or transformed is None:
        return
    warped = inputs.transform.warp_coordinates(ops, transformed.value)
    yield (
        "equivariance_value",
        equivariance_value(ops, driving.value, warped, weights.equivariance_value),
    )
    if driving.jacobian is not None and transformed.jacobian is not None:
        jacobian = inputs.transform.jacobian(ops, transformed.value)
        yield (
            "equivariance_jacobian",
            equivariance_jacobian(
                ops, driving.jacobian, jacobian, transformed.jacobian, weights.equivariance_jacobian
            ),
        )


def _images(
    ops: TrainingOperations,
    config: TrainConfig,
    pyramids: Pyramids,
    inputs: StepInputs,
    outputs: ForwardOutputs,
) -> Iterator[_OptionalTerm]:
    params = config.train_params
    weights = params.loss_weights
    regions = None if inputs.truth is None else inputs.truth.regions
    weighting = (regions, params.region_weight)
    prediction = {scale: pyramids.prediction[scale] for scale in params.scales}
    decoded = outputs.decoded
    yield (
        "reconstruction",
        reconstruction(ops, prediction, pyramids.target, weights.reconstruction, *weighting),
    )
    yield (
        "gradient",
        gradient(ops, decoded.prediction, inputs.target, weights.gradient, *weighting),
    )
    yield (
        "warped_source",
        warped_source(ops, decoded.deformed, inputs.target, weights.warped_source, *weighting),
    )


def _supervision(
    ops: TrainingOperations, config: TrainConfig, inputs: StepInputs, outputs: ForwardOutputs
) -> Iterator[_OptionalTerm]:
    """L1 to the truth: keypoints of source and driving frames, and what stands still."""
    weights = config.train_params.loss_weights
    if inputs.truth is None:
        return
    detected = _both(ops, outputs.kp_source, outputs.kp_driving)
    truth = _both(ops, inputs.truth.source, inputs.truth.driving)
    yield (
        "keypoint_supervision",
        keypoint_supervision(ops, detected.value, truth.value, weights.keypoint_supervision),
    )
    if detected.jacobian is not None and truth.jacobian is not None:
        yield (
            "jacobian_supervision",
            jacobian_supervision(
                ops, detected.jacobian, truth.jacobian, weights.jacobian_supervision
            ),
        )
    yield (
        "background_supervision",
        background_supervision(
            ops, outputs.deformation, inputs.truth.foreground, weights.background_supervision
        ),
    )


def _transformed(
    ops: TrainingOperations, config: TrainConfig, inputs: StepInputs, outputs: ForwardOutputs
) -> Iterator[_OptionalTerm]:
    """L1 to the truth in the detector's own frames, carried back by the transformation."""
    weights = config.train_params.loss_weights
    truth, varied, transform = inputs.truth, outputs.kp_varied, inputs.transform
    if truth is None or truth.target is None or truth.visible is None:
        return
    if varied is None or transform is None:
        return
    carried = transform.warp_coordinates(ops, varied.value)
    weight = weights.transformed_keypoints
    yield (
        "transformed_keypoints",
        transformed_keypoints(ops, carried, truth.target.value, truth.visible, weight),
    )
    if varied.jacobian is not None and truth.target.jacobian is not None:
        turned = ops.matmul(transform.jacobian(ops, varied.value), varied.jacobian)
        weight = weights.transformed_jacobians
        yield (
            "transformed_jacobians",
            transformed_jacobians(ops, turned, truth.target.jacobian, truth.visible, weight),
        )


def _both(
    ops: TrainingOperations, first: KeypointVariables, second: KeypointVariables
) -> KeypointVariables:
    """Two batches of keypoints as one."""
    value = ops.concatenate([first.value, second.value], axis=0)
    if first.jacobian is None or second.jacobian is None:
        return KeypointVariables(value, None)
    return KeypointVariables(value, ops.concatenate([first.jacobian, second.jacobian], axis=0))


def _discriminator_params(config: TrainConfig) -> DiscriminatorParams:
    params = config.model_params.discriminator_params
    if params is None:
        raise ConfigError(
            "model_params.discriminator_params: expected a section, since "
            "train_params.loss_weights.generator_gan is above 0; found none"
        )
    return params


def _predictions(outputs: dict[float, DiscriminatorOutput]) -> dict[float, Tensor]:
    return {scale: output.prediction for scale, output in outputs.items()}


def _features(outputs: dict[float, DiscriminatorOutput]) -> dict[float, tuple[Tensor, ...]]:
    return {scale: output.features for scale, output in outputs.items()}
