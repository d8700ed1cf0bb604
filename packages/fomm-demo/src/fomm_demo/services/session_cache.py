"""What is kept for each open page: bounded in number, dropped when it is old or the page left."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SessionCache(Generic[T]):
    """One thing for each of the pages that used theirs last.

    Args:
        most: how many there may be; the one longest unused goes for another.
        seconds: after so long without use one goes, at the next :meth:`expire`.
        drop: called with each that goes.
    """

    def __init__(
        self, most: int, seconds: float, drop: Callable[[T], None] = lambda thing: None
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._drop = drop
        self._guard = threading.Lock()
        self._things: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._things)

    def put(self, visit: str, thing: T) -> None:
        """Keep a thing for a page, in place of what it had."""
        with self._guard:
            gone = [self._things.pop(visit)] if visit in self._things else []
            self._things[visit] = (thing, time.monotonic())
            while len(self._things) > self._most:
                gone.append(self._things.popitem(last=False)[1])
        self._drop_all(gone)

    def get(self, visit: str) -> T | None:
        """What a page has, or ``None``; counts as a use."""
        with self._guard:
            if visit not in self._things:
                return None
            thing, _ = self._things.pop(visit)
            self._things[visit] = (thing, time.monotonic())
            return thing

    def forget(self, visit: str) -> None:
        """Drop what a page has."""
        with self._guard:
            gone = [self._things.pop(visit)] if visit in self._things else []
        self._drop_all(gone)

    def expire(self) -> None:
        """Drop what was not used for long."""
        oldest = time.monotonic() - self._seconds
        with self._guard:
            visits = [visit for visit, (_, used) in self._things.items() if used < oldest]
            gone = [self._things.pop(visit) for visit in visits]
        self._drop_all(gone)

    def clear(self) -> None:
        """Drop everything."""
        with self._guard:
            gone = list(self._things.values())
            self._things.clear()
        self._drop_all(gone)

    def _drop_all(self, gone: list[tuple[T, float]]) -> None:
        for thing, _ in gone:
            self._drop(thing)
