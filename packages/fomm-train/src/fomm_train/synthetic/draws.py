"""Random draws for identities and motions, each from a stream of its own."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Split(IntEnum):
    """The disjoint parts of the data set.

    Each part draws from random streams of its own. No identity and no motion of one part
    occurs in another, however many there are: two of them would have to agree in dozens of
    independent continuous draws.
    """

    TRAIN = 0
    TEST = 1
    BENCHMARK = 2


class Draw:
    """Named kinds of draws from one stream."""

    def __init__(self, stream: np.random.Generator) -> None:
        self.stream = stream

    def uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high``."""
        return low + (high - low) * float(self.stream.random())

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return float(self.stream.random()) < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return int(self.stream.integers(low, high + 1))

    def choice(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the options, each equally likely unless weighted."""
        if weights is None:
            return options[int(self.stream.integers(len(options)))]
        edges = np.cumsum(weights)
        index = int(np.searchsorted(edges, self.uniform(0.0, float(edges[-1])), side="right"))
        return options[min(index, len(options) - 1)]
