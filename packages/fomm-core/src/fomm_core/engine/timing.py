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

    @contextmanager
    def measure(self, stage: str, shares: Shares | None = None) -> Iterator[None]:
        """Count the time of the block for a stage.

        Args:
            stage: its name.
            shares: where it is several stages that run as one, asked when times are.
        """
        if shares is not None:
            self._shares[stage] = shares
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] += time.perf_counter() - began
            self._calls[stage] += 1

    def settle(self) -> None:
        """Ask for the shares a last time; what tells them may go afterwards."""
        self._shares = {name: _fixed(shares()) for name, shares in self._shares.items()}

    def mean_ms(self) -> dict[str, float]:
        """Mean milliseconds of one call, by stage."""
        seconds: dict[str, float] = defaultdict(float)
        calls: dict[str, int] = defaultdict(int)
        for name, total in self._seconds.items():
            shares = self._shares[name]() if name in self._shares else {name: 1.0}
            for stage, share in shares.items():
                seconds[stage] += share * total
                calls[stage] += self._calls[name]
        return {stage: 1000 * seconds[stage] / calls[stage] for stage in seconds}


def _fixed(shares: Mapping[str, float]) -> Shares:
    """The shares as they are now."""
    kept = dict(shares)
    return lambda: kept
