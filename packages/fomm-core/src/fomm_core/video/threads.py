"""Reading ahead and writing behind in threads, so that codecs and networks overlap.

What the main thread waits at is a ``SimpleQueue``: Python's semaphores, conditions and events
may stay locked where a Ctrl-C falls into them, and the next one to come waits for ever.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar, overload

from typing_extensions import Self

from fomm_core.image import ByteArray
from fomm_core.video.sink import FrameSink

T = TypeVar("T")

_log = logging.getLogger(__name__)

_JOIN_SECONDS = 10.0


class _Places:
    """So many places, each taken by one thread and given back by another."""

    def __init__(self, count: int) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self.give_back()

    def take(self) -> None:
        """Take a place, waiting until one is free."""
        self._free.get()

    def give_back(self) -> None:
        """Let somebody else have the place."""
        self._free.put(None)


@dataclass(frozen=True)
class _End:
    """The last thing in a queue: why the producer stopped, ``None`` for a normal end."""

    error: BaseException | None = None


class _ReadAhead(Generic[T]):
    """A thread that fills a queue of bounded length from an iterable."""

    def __init__(self, iterable: Iterable[T], depth: int) -> None:
        self._iterable = iterable
        self._places = _Places(depth)
        self._stopped = False
        self._queue: SimpleQueue[T | _End] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        end = _End()
        try:
            self._fill(iter(self._iterable))
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, none is lost
            end = _End(error)
        finally:
            self._queue.put(end)

    def _fill(self, iterator: Iterator[T]) -> None:
        try:
            while True:
                self._places.take()
                if self._stopped:
                    return
                self._queue.put(next(iterator))
        except StopIteration:
            return
        finally:
            # A generator is closed in the thread that ran it, and its files with it.
            if isinstance(iterator, Generator):
                iterator.close()

    def items(self) -> Iterator[T]:
        """Yield what the thread made; raise what it raised."""
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._places.give_back()
            yield item

    def stop(self) -> None:
        """End the thread after the item it is making.

        While the interpreter shuts down its daemon threads stand still, and none is waited for.
        """
        if sys.is_finalizing():
            return
        self._stopped = True
        self._places.give_back()
        self._thread.join(_JOIN_SECONDS)
        if self._thread.is_alive():
            _log.warning(
                "a thread that reads ahead has not ended after %g s and is left behind",
                _JOIN_SECONDS,
            )


def prefetch(iterable: Iterable[T], depth: int = 4) -> Generator[T, None, None]:
    """Iterate over something while a thread is already preparing what follows.

    The order is kept; an exception of the iterable is raised after the items before it.
    The thread starts with the first item asked for, and ends when the iterator is exhausted,
    closed or forgotten.

    Args:
        iterable: used only in the thread; its iterator is closed there.
        depth: how many items may be ready ahead, at least 1.

    Yields:
        The items of ``iterable``.
    """
    if depth < 1:
        raise ValueError(f"depth: expected 1 or more, found {depth}")
    return _prefetched(iterable, depth)


def _prefetched(iterable: Iterable[T], depth: int) -> Generator[T, None, None]:
    ahead = _ReadAhead(iterable, depth)
    try:
        yield from ahead.items()
    finally:
        ahead.stop()


class BackgroundSink(Generic[T]):
    """A frame sink that paints and encodes in a thread; itself a :class:`FrameSink`.

    :meth:`write` returns at once unless ``depth`` frames are waiting. What the view and the
    wrapped sink raise comes out of the next :meth:`write` or of :meth:`close`. Frames must not
    be changed after they were handed over. Leaving the ``with`` block by an exception does
    what the wrapped sink does; after a KeyboardInterrupt the waiting frames are written
    first.

    Args:
        sink: the sink to feed; not to be used by others from then on.
        depth: how many frames may wait, at least 1.
        view: makes the frame, (H, W, 3) uint8, of what is handed over; by default that is the
            frame itself.
    """

    @overload
    def __init__(self: BackgroundSink[ByteArray], sink: FrameSink, depth: int = 4) -> None: ...

    @overload
    def __init__(
        self, sink: FrameSink, depth: int = 4, *, view: Callable[[T], ByteArray]
    ) -> None: ...

    def __init__(
        self, sink: FrameSink, depth: int = 4, *, view: Callable[[Any], ByteArray] | None = None
    ) -> None:
        if depth < 1:
            raise ValueError(f"depth: expected 1 or more, found {depth}")
        self._sink = sink
        self._view = view or _itself
        self._places = _Places(depth)
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._error: BaseException | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="write-behind", daemon=True)
        self._thread.start()

    def write(self, frame: T) -> None:
        """Hand over the next frame; see :class:`FrameSink`."""
        self._hand_over(lambda: self._sink.write(self._view(frame)))

    def skip(self, frames: int) -> None:
        """Leave out so many frames after those that wait; see :class:`FrameSink`."""
        self._hand_over(lambda: self._sink.skip(frames))

    def _hand_over(self, task: Callable[[], None]) -> None:
        if self._closed:
            raise ValueError("frame: expected an open writer, found a closed one")
        self._places.take()
        self._raise_error()
        self._waiting.put(task)

    def close(self) -> None:
        """Wait for the waiting frames and close the wrapped sink; see :class:`FrameSink`."""
        if self._closed:
            return
        try:
            self._drain()
        except KeyboardInterrupt as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        self._raise_error()
        self._closed = True
        self._sink.close()

    def _run(self) -> None:
        try:
            while (task := self._waiting.get()) is not None:
                task()
                self._places.give_back()
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            self._error = error
            self._places.give_back()

    def _drain(self) -> None:
        """End the thread once all waiting frames are written or one has failed."""
        self._waiting.put(None)
        self._thread.join()

    def _raise_error(self) -> None:
        """Raise what the thread ran into, after the wrapped sink has cleaned up."""
        if self._error is not None:
            self._closed = True
            error = self._error
            self._sink.__exit__(type(error), error, error.__traceback__)
            raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._closed:
            self._closed = True
            if not issubclass(kind, KeyboardInterrupt):
                self._forget_waiting()
            self._drain()
            self._sink.__exit__(kind, error, trace)

    def _forget_waiting(self) -> None:
        """Drop the frames that wait, not the one that is being written."""
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()


def _itself(frame: Any) -> Any:
    return frame
