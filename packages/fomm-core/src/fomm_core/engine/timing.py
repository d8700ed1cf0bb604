"""Timing of an engine's stages."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

Shares = Callable[[], Mapping[str, float]]
"""Says which fraction of a common time each stage takes; the fractions add up to 1."""


class StageTimer:
    """Adds up the time spent in each stage; cheap enough to run always."""

    def __init__(self) -> None:
        self._shares: dict[str, Shares] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything measured so far."""
        self._seconds: dict[str, float] = defaultdict(float)
        self._calls: dict[str, int] = defaultdict(int)

    def divide(self, joined: str, shares: Shares) -> None:
        """Say that what is measured as ``joined`` are several stages that run as one."""
        self._shares[joined] = shares

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the time of the block for a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] += time.perf_counter() - began
            self._calls[stage] += 1

    def mean_ms(self) -> dict[str, float]:
        """Mean milliseconds of one call, by stage."""
        means: dict[str, float] = {}
        for name, total in self._seconds.items():
            shares = self._shares[name]() if name in self._shares else {name: 1.0}
            mean = 1000 * total / self._calls[name]
            means.update({stage: share * mean for stage, share in shares.items()})
        return means
