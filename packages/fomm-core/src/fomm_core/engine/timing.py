"""Timing of an engine's stages."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimer:
    """Adds up the time spent in each stage; cheap enough to run always."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything measured so far."""
        self._seconds: dict[str, float] = defaultdict(float)
        self._calls: dict[str, int] = defaultdict(int)

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
        return {s: 1000 * total / self._calls[s] for s, total in self._seconds.items()}
