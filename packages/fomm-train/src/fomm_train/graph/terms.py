"""Losses that are summed to an objective."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fomm_core.errors import ConfigError
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.weighting import total

OptionalTerm = tuple[str, Tensor | None]
"""A loss with its name, the key of its weight; ``None`` where its weight is 0."""


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


def sum_terms(
    ops: TrainingOperations, terms: Iterable[OptionalTerm], detections: tuple[Tensor, ...] = ()
) -> Objective:
    """Add the losses that are on, and keep them readable.

    Args:
        ops: what computes.
        terms: the losses.
        detections: as :class:`Objective` has them.

    Raises:
        ConfigError: no loss is on.
    """
    present = tuple(Term(name, value) for name, value in terms if value is not None)
    summed = total(term.value for term in present)
    if summed is None:
        raise ConfigError("train_params.loss_weights: expected a weight above 0, found none")
    for value in (summed, *(term.value for term in present)):
        ops.keep(value)
    return Objective(summed, present, detections)
