"""The objectives of the networks: the configured losses of one batch, summed (Section 3.3)."""

from __future__ import annotations

from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import TrainConfig
from fomm_train.graph.adversarial_terms import (
    adversarial_terms,
    discriminator_params,
    discriminator_term,
)
from fomm_train.graph.forward import ForwardOutputs
from fomm_train.graph.image_terms import image_terms, make_pyramids, perceptual_term
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.motion_terms import (
    equivariance_terms,
    supervision_terms,
    transformed_terms,
)
from fomm_train.graph.terms import Objective, sum_terms
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.weighting import is_on


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
    pyramids = make_pyramids(
        ops, outputs.decoded.prediction, inputs.target, _scales(config, adversarial)
    )
    return sum_terms(
        ops,
        [
            perceptual_term(ops, config, pyramids, vgg, precision),
            *(adversarial_terms(ops, config, pyramids, outputs, precision) if adversarial else ()),
            *equivariance_terms(ops, config, inputs, outputs),
            *image_terms(ops, config, pyramids, inputs, outputs),
            *supervision_terms(ops, config, inputs, outputs),
            *transformed_terms(ops, config, inputs, outputs),
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
    return sum_terms(ops, [discriminator_term(ops, config, inputs, outputs, precision)])


def _scales(config: TrainConfig, adversarial: bool) -> list[float]:
    """The scales of the losses on images, and of the discriminators."""
    scales = list(config.train_params.scales)
    if adversarial:
        scales += [s for s in discriminator_params(config).scales if s not in scales]
    return scales
