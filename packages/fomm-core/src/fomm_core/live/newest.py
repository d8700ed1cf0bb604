"""A place for one thing between two threads: what is newer replaces what was not taken."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Hands the newest thing from one thread to another.

    Attributes:
        dropped: number of things that were replaced before they were taken.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self._error: BaseException | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to take, neither a thing nor an error, and nothing will come."""
        with self._changed:
            return self._closed and self._item is None and self._error is None

    def put(self, item: T) -> None:
        """Leave a thing, in place of the one that was not taken."""
        with self._changed:
            self.dropped += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self, seconds: float) -> T | None:
        """Take the newest thing, waiting for one so long at most; ``None`` if none came.

        Raises:
            BaseException: the one with which it was closed, after the last thing.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None, seconds)
            item, self._item = self._item, None
            if item is None and self._error is not None:
                raise self._error
            return item

    def close(self, error: BaseException | None = None) -> None:
        """Say that nothing will come any more, and why."""
        with self._changed:
            self._closed, self._error = True, error
            self._changed.notify()
