"""A worker process that answers tasks in order, and never outlives the process that uses it.

Workers are started afresh (spawn), never forked: a fork after MPI or NNabla are up copies
threads' locks and connections that belong to their parent alone.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any, Generic, TypeVar

from fomm_core.errors import FommError
from fomm_train.data.channel import Channel
from fomm_train.errors import TrainingError

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_JOIN_SECONDS = 5.0
_EXIT_PRIORITY = 10
_IGNORED = (signal.SIGINT, signal.SIGTERM)


class WorkerProcess(Generic[Task, Answer]):
    """A process that applies one function to tasks, one after another.

    It ignores SIGINT and SIGTERM, which a terminal or a batch system sends to all processes:
    its owner decides when it ends. It ends when :meth:`close` is called, when this object is
    forgotten, and when its owner is gone for whatever reason, be it SIGKILL.

    Args:
        handler: what is applied to each task; it, the tasks and the answers can be pickled.
        name: of the process.
    """

    def __init__(self, handler: Callable[[Task], Answer], name: str) -> None:
        context = get_context("spawn")
        self._channel, theirs = Channel.pair()
        self._process = context.Process(
            target=_serve, args=(theirs, handler), name=name, daemon=True
        )
        with _signals_held():
            self._process.start()
        theirs.close()
        self._lock = threading.Lock()
        self._pending = 0
        self._ended = False
        # Before multiprocessing's own end, which would wait for a process that waits for us.
        self._end = Finalize(
            self, _end, args=(self._process, self._channel), exitpriority=_EXIT_PRIORITY
        )

    @property
    def connection(self) -> Connection:
        """Readable when an answer is there; for :func:`multiprocessing.connection.wait`."""
        return self._channel.messages

    @property
    def pid(self) -> int | None:
        """Number of the process."""
        return self._process.pid

    def ask(self, task: Task) -> None:
        """Hand over a task; more than a few at once may block.

        Raises:
            TrainingError: the process is gone.
        """
        try:
            self._channel.send(task)
        except OSError as error:
            raise self._gone() from error
        self._pending += 1

    def answer(self) -> Answer:
        """Wait for the answer to the oldest task that has none.

        Raises:
            FommError: what the handler raised.
            TrainingError: the process is gone.
            RuntimeError: the handler failed by a defect; the message holds its traceback.
        """
        with self._lock:
            reply = self._next_reply()
        if isinstance(reply, _Failure):
            raise reply.kind(reply.message)
        return reply

    def _next_reply(self) -> Answer | _Failure:
        try:
            reply: Answer | _Failure = self._channel.receive()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        self._pending -= 1
        return reply

    def forget_tasks(self) -> None:
        """Wait for the answers that are due and throw them away.

        Raises:
            TrainingError: the process is gone.
        """
        with self._lock:
            while self._pending:
                self._next_reply()

    def close(self, *, kill: bool = False) -> None:
        """End the process after the task it is at, or at once; closing again does nothing."""
        self._ended = True
        if kill and self._end.still_active():
            self._process.kill()
        self._end()

    def _gone(self) -> TrainingError:
        if self._ended:
            return TrainingError(f"{self._process.name}: it was closed")
        self._process.join(_JOIN_SECONDS)
        return TrainingError(
            f"{self._process.name}: a worker process ended unexpectedly (exit code "
            f"{self._process.exitcode}); was the memory full? Fewer workers need less"
        )


@contextmanager
def _signals_held() -> Iterator[None]:
    """Keep signals from a process that is being started, until it knows to ignore them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _IGNORED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: BaseProcess, channel: Channel) -> None:
    channel.close()
    process.join(_JOIN_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


@dataclass(frozen=True)
class _Failure:
    """An error of the handler, to be raised where the answer is wanted."""

    kind: type[Exception]
    message: str


def _serve(channel: Channel, handler: Callable[[Any], Any]) -> None:
    """Answer tasks until the other end is closed."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    try:
        while True:
            channel.send(_attempt(handler, channel.receive()))
    except (EOFError, OSError):
        return


def _attempt(handler: Callable[[Any], Any], task: Any) -> Any:
    try:
        return handler(task)
    except FommError as error:
        # Some errors take more than a message; their nearest parent that does not stands in.
        kinds: Iterator[Any] = iter(type(error).__mro__)
        kind = next(kind for kind in kinds if kind.__init__ is Exception.__init__)
        return _Failure(kind, str(error))
    except Exception:  # noqa: BLE001 - it is raised again in the other process
        return _Failure(RuntimeError, f"in a worker process:\n{traceback.format_exc()}")
