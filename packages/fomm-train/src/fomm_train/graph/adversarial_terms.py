"""The losses that need a discriminator: the generator's and its own (Section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from fomm_core.errors import ConfigError
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import DiscriminatorParams, TrainConfig
from fomm_train.graph.discriminator import DiscriminatorOutput, discriminate
from fomm_train.graph.forward import ForwardOutputs
from fomm_train.graph.image_terms import Pyramids
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.terms import OptionalTerm
from fomm_train.losses.adversarial import feature_matching, gan_discriminator, gan_generator
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.weighting import is_on


def adversarial_terms(
    ops: TrainingOperations,
    config: TrainConfig,
    pyramids: Pyramids,
    outputs: ForwardOutputs,
    precision: Precision,
) -> Iterator[OptionalTerm]:
    """Yield the generator's loss, and the matching of the discriminator's features.

    Args:
        ops: what computes; the discriminator's parameters get no gradient.
        config: weights, and scales and blocks of the discriminators.
        pyramids: at the discriminators' scales.
        outputs: of the networks.
        precision: which parts compute in half precision.

    Raises:
        ConfigError: there is no section of the discriminator.
    """
    weights = config.train_params.loss_weights
    params = discriminator_params(config)
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


def discriminator_term(
    ops: TrainingOperations,
    config: TrainConfig,
    inputs: StepInputs,
    outputs: ForwardOutputs,
    precision: Precision,
) -> OptionalTerm:
    """The discriminator's loss on the predictions of the generator's last forward pass.

    Arguments and errors as of :func:`adversarial_terms`; ``inputs`` has the true images.
    """
    weight = config.train_params.loss_weights.discriminator_gan
    params = discriminator_params(config)
    # Cut off, not merely without gradient: the generator must not run again.
    prediction = ops.detach(outputs.decoded.prediction)
    keypoints = ops.detach(outputs.kp_driving.value)
    with precision.images():
        real = discriminate(ops, pyramid(ops, inputs.target, params.scales), keypoints, params)
        fake = discriminate(ops, pyramid(ops, prediction, params.scales), keypoints, params)
    with precision.everything():
        loss = gan_discriminator(ops, _predictions(real), _predictions(fake), weight)
    return "discriminator_gan", loss


def discriminator_params(config: TrainConfig) -> DiscriminatorParams:
    """The section of the discriminator.

    Raises:
        ConfigError: there is none.
    """
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
