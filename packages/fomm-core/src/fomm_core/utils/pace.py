"""Pace of events that come one after the other."""

from __future__ import annotations

import time
from collections import deque

_WINDOW_SECONDS = 3.0


class Pace:
    """Measures events per second over the last few seconds.

    Args:
        window_seconds: so many of them.
    """

    def __init__(self, window_seconds: float = _WINDOW_SECONDS) -> None:
        self._window = window_seconds
        self._times: deque[float] = deque()

    def tick(self, now: float | None = None) -> float:
        """Count an event; return the rate, or 0 at the first.

        Args:
            now: seconds of a clock that only goes forward; by default that of the system.
        """
        now = time.monotonic() if now is None else now
        self._times.append(now)
        while len(self._times) > 2 and now - self._times[0] > self._window:
            self._times.popleft()
        span = now - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0
