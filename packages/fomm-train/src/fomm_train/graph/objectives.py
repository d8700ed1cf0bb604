"""What the networks minimise: the configured losses of one batch, summed (Section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F

from fomm_core.errors import ConfigError
from fomm_core.network.graph import Networks
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_train.backend.precision import Precision
from fomm_train.config import DiscriminatorParams, TrainConfig
from fomm_train.graph.discriminator import DiscriminatorOutput, discriminate
from fomm_train.graph.forward import ForwardOutputs
from fomm_train.graph.inputs import StepInputs
from fomm_train.losses import terms as losses
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.weighting import is_on, total

_OptionalTerm = tuple[str, nn.Variable | None]


@dataclass(frozen=True, eq=False)
class Term:
    """One loss.

    Attributes:
        name: what logs call it; the key of its weight in the configuration.
        value: weighted scalar.
    """

    name: str
    value: nn.Variable


@dataclass(frozen=True, eq=False)
class Objective:
    """A sum of losses.

    Attributes:
        total: the scalar to minimise.
        terms: its summands; readable after the forward and the backward pass.
    """

    total: nn.Variable
    terms: tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Pyramids:
    """Predictions and targets at several scales, (B, C, H * scale, W * scale) each."""

    prediction: dict[float, nn.Variable]
    target: dict[float, nn.Variable]


def is_adversarial(config: TrainConfig) -> bool:
    """Whether there is a discriminator: where the generator is to deceive one (stage two)."""
    return is_on(config.train_params.loss_weights.generator_gan)


def generator_objective(
    config: TrainConfig,
    networks: Networks,
    inputs: StepInputs,
    generated: ForwardOutputs,
    vgg: Vgg19 | None,
    precision: Precision,
) -> Objective:
    """The losses of generator and keypoint detector.

    Args:
        config: which losses are on.
        networks: hold the discriminator's parameters, which get no gradient here.
        inputs: targets, transformations and truths.
        generated: what the networks made.
        vgg: needed where the perceptual loss is on.
        precision: which parts compute in half precision.

    Raises:
        ConfigError: no loss is on, or one cannot work with these networks.
    """
    pyramids = _pyramids(config, inputs, generated.decoded.prediction)
    objective = _sum(
        [
            *_perceptual(config, pyramids, vgg, precision),
            *_adversarial(config, networks, pyramids, generated, precision),
            *_equivariance(config, inputs, generated),
            *_images(config, pyramids, inputs, generated),
            *_supervision(config, inputs, generated),
        ]
    )
    if objective is None:
        raise ConfigError("train_params.loss_weights: expected a weight above 0, found none")
    return objective


def discriminator_objective(
    config: TrainConfig,
    networks: Networks,
    inputs: StepInputs,
    generated: ForwardOutputs,
    precision: Precision,
) -> Objective | None:
    """The loss of the discriminator on the predictions of the generator's last forward pass.

    Returns:
        ``None`` where the discriminator is not trained.
    """
    weight = config.train_params.loss_weights.discriminator_gan
    if not is_adversarial(config) or not is_on(weight):
        return None
    params = _discriminator_params(config)
    # Cut off, not merely without gradient: the generator must not run again.
    prediction = generated.decoded.prediction.get_unlinked_variable(need_grad=False)
    keypoints = generated.kp_driving.value.get_unlinked_variable(need_grad=False)
    with precision.images(), nn.parameter_scope("", networks.scope):
        real = discriminate(pyramid(inputs.target, params.scales), keypoints, params)
        fake = discriminate(pyramid(prediction, params.scales), keypoints, params)
    with nn.context_scope(precision.single):
        loss = losses.gan_discriminator(_predictions(real), _predictions(fake), weight)
    return _sum([("discriminator_gan", loss)])


def _sum(terms: list[_OptionalTerm]) -> Objective | None:
    """Add the losses that are on and keep them readable."""
    present = tuple(Term(name, value) for name, value in terms if value is not None)
    summed = total(term.value for term in present)
    if summed is None:
        return None
    summed.persistent = True
    for term in present:
        term.value.persistent = True
    return Objective(summed, present)


def _pyramids(config: TrainConfig, inputs: StepInputs, prediction: nn.Variable) -> Pyramids:
    """At the scales of the losses on images and of the discriminators."""
    scales = list(config.train_params.scales)
    if is_adversarial(config):
        scales += [s for s in _discriminator_params(config).scales if s not in scales]
    return Pyramids(
        pyramid(prediction, scales),
        pyramid(inputs.target, scales),
    )


def _perceptual(
    config: TrainConfig, pyramids: Pyramids, vgg: Vgg19 | None, precision: Precision
) -> Iterator[_OptionalTerm]:
    params = config.train_params
    if not is_on(params.loss_weights.perceptual):
        return
    if vgg is None:
        raise ConfigError("train_params.loss_weights.perceptual: expected VGG19, found none")
    with precision.images():
        prediction = {scale: pyramids.prediction[scale] for scale in params.scales}
        loss = losses.perceptual(prediction, pyramids.target, vgg, params.loss_weights.perceptual)
    yield "perceptual", loss


def _adversarial(
    config: TrainConfig,
    networks: Networks,
    pyramids: Pyramids,
    generated: ForwardOutputs,
    precision: Precision,
) -> Iterator[_OptionalTerm]:
    weights = config.train_params.loss_weights
    if not is_adversarial(config):
        return
    params = _discriminator_params(config)
    keypoints = generated.kp_driving.value
    with precision.images(), nn.parameter_scope("", networks.scope), nn.no_grad():
        fake = discriminate(pyramids.prediction, keypoints, params)
        matching = None
        if is_on(weights.feature_matching):
            real = discriminate(pyramids.target, keypoints, params)
            matching = losses.feature_matching(
                _features(real), _features(fake), weights.feature_matching
            )
    yield "generator_gan", losses.gan_generator(_predictions(fake), weights.generator_gan)
    yield "feature_matching", matching


def _equivariance(
    config: TrainConfig, inputs: StepInputs, generated: ForwardOutputs
) -> Iterator[_OptionalTerm]:
    weights = config.train_params.loss_weights
    driving, transformed = generated.kp_driving, generated.kp_transformed
    if inputs.transform is None or transformed is None:
        return
    warped = inputs.transform.warp_coordinates(transformed.value)
    yield (
        "equivariance_value",
        losses.equivariance_value(driving.value, warped, weights.equivariance_value),
    )
    if driving.jacobian is not None and transformed.jacobian is not None:
        jacobian = inputs.transform.jacobian(transformed.value)
        yield (
            "equivariance_jacobian",
            losses.equivariance_jacobian(
                driving.jacobian, jacobian, transformed.jacobian, weights.equivariance_jacobian
            ),
        )


def _images(
    config: TrainConfig, pyramids: Pyramids, inputs: StepInputs, generated: ForwardOutputs
) -> Iterator[_OptionalTerm]:
    params = config.train_params
    weights = params.loss_weights
    regions = None if inputs.truth is None else inputs.truth.regions
    weighting = (regions, params.region_weight)
    prediction = {scale: pyramids.prediction[scale] for scale in params.scales}
    decoded = generated.decoded
    yield (
        "reconstruction",
        losses.reconstruction(prediction, pyramids.target, weights.reconstruction, *weighting),
    )
    yield (
        "gradient",
        losses.gradient(decoded.prediction, inputs.target, weights.gradient, *weighting),
    )
    yield (
        "warped_source",
        losses.warped_source(decoded.deformed, inputs.target, weights.warped_source, *weighting),
    )


def _supervision(
    config: TrainConfig, inputs: StepInputs, generated: ForwardOutputs
) -> Iterator[_OptionalTerm]:
    """L1 to what is known: keypoints of source and driving frames, and what stands still."""
    weights = config.train_params.loss_weights
    if inputs.truth is None:
        return
    detected = _both(generated.kp_source, generated.kp_driving)
    truth = _both(inputs.truth.source, inputs.truth.driving)
    yield (
        "keypoint_supervision",
        losses.keypoint_supervision(detected.value, truth.value, weights.keypoint_supervision),
    )
    if detected.jacobian is not None and truth.jacobian is not None:
        yield (
            "jacobian_supervision",
            losses.jacobian_supervision(
                detected.jacobian, truth.jacobian, weights.jacobian_supervision
            ),
        )
    yield (
        "background_supervision",
        losses.background_supervision(
            generated.deformation, inputs.truth.figure, weights.background_supervision
        ),
    )


def _both(first: KeypointVariables, second: KeypointVariables) -> KeypointVariables:
    """Two batches of keypoints as one."""
    value = F.concatenate(first.value, second.value, axis=0)
    if first.jacobian is None or second.jacobian is None:
        return KeypointVariables(value, None)
    return KeypointVariables(value, F.concatenate(first.jacobian, second.jacobian, axis=0))


def _discriminator_params(config: TrainConfig) -> DiscriminatorParams:
    params = config.model_params.discriminator_params
    if params is None:
        raise ConfigError(
            "model_params.discriminator_params: expected a section, since "
            "train_params.loss_weights.generator_gan is above 0; found none"
        )
    return params


def _predictions(judgements: dict[float, DiscriminatorOutput]) -> dict[float, nn.Variable]:
    return {scale: judgement.prediction for scale, judgement in judgements.items()}


def _features(judgements: dict[float, DiscriminatorOutput]) -> dict[float, tuple[nn.Variable, ...]]:
    return {scale: judgement.features for scale, judgement in judgements.items()}
