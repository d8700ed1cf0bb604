"""The losses with a discriminator: least-squares GAN (Mao et al. 2017), feature matching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.l1 import check_number_of_weights, weighted_l1
from fomm_train.losses.weighting import is_on, total


def gan_generator(
    ops: TrainingOperations, fake_predictions: Mapping[float, Tensor], weight: float | None
) -> Tensor | None:
    """Least-squares GAN loss of the generator (Mao et al. 2017): generated should pass as 1.

    Args:
        ops: what computes.
        fake_predictions: the discriminator's (B, 1, h, w) of generated images, by scale.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    return total(_square(ops, fake, 1) * weight for fake in fake_predictions.values())


def gan_discriminator(
    ops: TrainingOperations,
    real_predictions: Mapping[float, Tensor],
    fake_predictions: Mapping[float, Tensor],
    weight: float | None,
) -> Tensor | None:
    """Least-squares GAN loss of the discriminator: real should give 1, generated 0.

    Args:
        ops: what computes.
        real_predictions, fake_predictions: the discriminator's (B, 1, h, w), by scale. The
            generated images must have been detached from the generator.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    return total(
        (_square(ops, real_predictions[scale], 1) + _square(ops, fake, 0)) * weight
        for scale, fake in fake_predictions.items()
    )


def feature_matching(
    ops: TrainingOperations,
    real: Mapping[float, Sequence[Tensor]],
    fake: Mapping[float, Sequence[Tensor]],
    weights: Sequence[float] | None,
) -> Tensor | None:
    """L1 between the discriminator's features of real and generated images (Wang et al. 2018).

    Args:
        ops: what computes.
        real, fake: features of each block, by scale; real ones get no gradient.
        weights: one for each block; missing ones count as 0.

    Raises:
        ConfigError: there are more weights than blocks.
    """
    if not is_on(weights):
        return None
    for features in fake.values():
        check_number_of_weights("feature_matching", weights, len(features), "one for each block")
    return total(weighted_l1(ops, fake[scale], real[scale], weights) for scale in fake)


def _square(ops: TrainingOperations, prediction: Tensor, target: float) -> Tensor:
    """Mean squared difference from a number."""
    return ops.mean((prediction - target) ** 2)
