"""Weights of the configuration: which losses are on, and their sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeGuard, TypeVar

from fomm_core.network.operations import Tensor

Weight = TypeVar("Weight", bound="float | Sequence[float]")


def is_on(weight: Weight | None) -> TypeGuard[Weight]:
    """Whether a weight of the configuration turns its loss on: not 0, ``None`` or all 0."""
    if weight is None:
        return False
    return any(weight) if isinstance(weight, Sequence) else weight != 0


def total(losses: Iterable[Tensor | None]) -> Tensor | None:
    """Add the losses that are on; ``None`` if none is."""
    terms = [loss for loss in losses if loss is not None]
    return sum(terms[1:], terms[0]) if terms else None
