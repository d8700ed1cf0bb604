"""L1 between tensors, of one or of several layers of a network."""

from __future__ import annotations

from collections.abc import Sequence

from fomm_core.errors import ConfigError
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.weighting import total


def l1(ops: TrainingOperations, prediction: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference, a scalar; no gradient to the target."""
    return ops.mean(ops.absolute_error(prediction, ops.stop_gradient(target)))


def weighted_l1(
    ops: TrainingOperations,
    prediction: Sequence[Tensor],
    target: Sequence[Tensor],
    weights: Sequence[float],
) -> Tensor | None:
    """Weighted sum of the L1 of several layers; layers without weight are not compared."""
    layers = zip(prediction, target, weights, strict=False)
    return total(l1(ops, a, b) * weight for a, b, weight in layers if weight)


def check_number_of_weights(
    name: str, weights: Sequence[float] | None, most: int, meaning: str
) -> None:
    """Refuse more weights than there are layers.

    Args:
        name: key of the weights in the configuration.
        weights: of that key.
        most: number of layers.
        meaning: what one weight is for.

    Raises:
        ConfigError: there are more.
    """
    if weights is not None and len(weights) > most:
        raise ConfigError(
            f"train_params.loss_weights.{name}: expected at most {most} weights, {meaning}; "
            f"found {len(weights)}"
        )
