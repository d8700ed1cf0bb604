"""Values kept for each open page: bounded in number, dropped when old or when the page is left.

Gradio's own place for such values, ``gr.State``, is not enough here: it keeps what a closed
page had for another hour, has no bound below 10,000 pages, and drops the values of pages
beyond that bound without telling anybody.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SessionCache(Generic[T]):
    """One value for each of the sessions that used theirs last.

    Args:
        most: how many there may be; the one longest unused goes for another.
        seconds: after so long without use one goes, at the next :meth:`expire`.
        drop: called with each value that goes.
        in_use: whether a value must stay, however old.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        drop: Callable[[T], None] = lambda value: None,
        in_use: Callable[[T], bool] = lambda value: False,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._drop = drop
        self._in_use = in_use
        self._guard = threading.Lock()
        self._values: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def __len__(self) -> int:
        """Number of values."""
        return len(self._values)

    def put(self, session: str, value: T) -> None:
        """Keep a value for a session, in place of what it had."""
        with self._guard:
            gone = self._taken([session])
            idle = (key for key, (kept, _) in self._values.items() if not self._in_use(kept))
            oldest = next(idle, None) if len(self._values) >= self._most else None
            gone += self._taken([] if oldest is None else [oldest])
            self._values[session] = (value, time.monotonic())
        self._drop_all(gone)

    def get(self, session: str) -> T | None:
        """Give a session's value, or ``None``; counts as a use."""
        with self._guard:
            for value in self._taken([session]):
                self._values[session] = (value, time.monotonic())
                return value
        return None

    def values(self) -> list[T]:
        """Give the values of all sessions."""
        with self._guard:
            return [value for value, _ in self._values.values()]

    def items(self) -> list[tuple[str, T]]:
        """Give the sessions with their values."""
        with self._guard:
            return [(session, value) for session, (value, _) in self._values.items()]

    def forget(self, session: str) -> None:
        """Drop a session's value."""
        with self._guard:
            gone = self._taken([session])
        self._drop_all(gone)

    def expire(self) -> None:
        """Drop the values that were not used for long."""
        oldest = time.monotonic() - self._seconds
        with self._guard:
            gone = self._taken(
                [
                    session
                    for session, (value, used) in self._values.items()
                    if used < oldest and not self._in_use(value)
                ]
            )
        self._drop_all(gone)

    def clear(self) -> None:
        """Drop everything."""
        with self._guard:
            gone = self._taken(list(self._values))
        self._drop_all(gone)

    def _taken(self, sessions: list[str]) -> list[T]:
        found = [self._values.pop(session, None) for session in sessions]
        return [entry[0] for entry in found if entry is not None]

    def _drop_all(self, gone: list[T]) -> None:
        for value in gone:
            self._drop(value)
