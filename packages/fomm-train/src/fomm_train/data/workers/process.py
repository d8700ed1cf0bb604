"""A worker process that answers tasks in order, and never outlives the process that uses it.

A worker is a new interpreter that imports what it needs and nothing else. It is not forked: a
fork after MPI or NNabla are up copies locks and connections that belong to their owner alone.
Nor does it run the user's script again, as Python's own ``multiprocessing`` does, which under
MPI would try to join a run that has no place for it.

It is not loky's either: batches of eight pairs at 256x256 took 26 ms each from two of these
workers and 196 ms from loky's, 5 and 13 ms of it at work in the receiving process; and of an
owner that was killed, none of these workers lived on 15 seconds later, but all processes of
loky (measured by ``benchmarks/worker_pools.py`` on two busy cores).
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from typing import Any, Generic, TypeVar

from fomm_core.errors import FommError
from fomm_core.utils.interpreter import python_command
from fomm_train.data.workers.channel import Channel
from fomm_train.errors import TrainingError

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_WAIT_SECONDS = 5.0
_IGNORED = (signal.SIGINT, signal.SIGTERM)
_CLOSED = (EOFError, OSError, ValueError)


class WorkerProcess(Generic[Task, Answer]):
    """A process that applies one function to tasks, one after another.

    It ignores SIGINT and SIGTERM, which a terminal or a batch system sends to all processes:
    its owner decides when it ends. It ends when :meth:`close` is called, when this object is
    forgotten, and when its owner is gone for whatever reason, be it SIGKILL.

    Args:
        handler: what is applied to each task. It, the tasks and the answers can be pickled,
            and their classes are in modules that can be imported (not in a script).
        name: what messages call it.
    """

    def __init__(self, handler: Callable[[Task], Answer], name: str) -> None:
        self._name = name
        self._handler: Callable[[Task], Answer] | None = handler
        self._process, self._channel = _start()
        self._lock = threading.Lock()
        self._pending = 0
        self._end = weakref.finalize(self, _end, self._process, self._channel)
        # At exit the system closes the pipes, and that ends it too.
        self._end.atexit = False

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, task: Task) -> None:
        """Hand over a task; more than a few at once may block.

        Raises:
            TrainingError: the process is gone.
        """
        try:
            # With the first task: a large one is taken only when the process is up, and
            # several processes should come up at the same time.
            if self._handler is not None:
                self._channel.send(self._handler)
                self._handler = None
            self._channel.send(task)
        except _CLOSED as error:
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
        except _CLOSED as error:
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

    def close(self) -> None:
        """End the process after the task it is at; closing again does nothing."""
        self._end()

    def kill(self) -> None:
        """End the process at once; who waits for its answer in another thread hears of it."""
        if self._end.alive:
            self._process.kill()
            self._process.wait()

    def _gone(self) -> TrainingError:
        if not self._end.alive:
            return TrainingError(f"{self._name}: expected an open worker, found a closed one")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_WAIT_SECONDS)
        return TrainingError(
            f"{self._name}: a worker process ended unexpectedly (exit code "
            f"{self._process.returncode}); was the memory full? Fewer workers need less"
        )


def _start() -> tuple[subprocess.Popen[bytes], Channel]:
    """Start an interpreter that runs :func:`serve` at the other end of the channel."""
    # The module's own function: pickles name it by its module.
    command = python_command(f"from {__name__} import serve; serve()")
    with _signals_held():
        process = subprocess.Popen(
            command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    reader, writer = process.stdout, process.stdin
    if not isinstance(reader, FileIO) or not isinstance(writer, FileIO):
        raise TypeError("expected unbuffered pipes")
    return process, Channel(reader, writer)


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


def _end(process: subprocess.Popen[bytes], channel: Channel) -> None:
    channel.close()
    try:
        process.wait(_WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class _Failure:
    """An error of the handler, to be raised where the answer is wanted."""

    kind: type[Exception]
    message: str


def serve() -> None:
    """Answer tasks until the other end is closed; what the worker process runs."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    # The pipes are kept for the channel: libraries may print.
    channel = Channel(FileIO(os.dup(0), "rb"), FileIO(os.dup(1), "wb"))
    os.dup2(2, 1)
    try:
        handler = _receive_handler(channel)
        while True:
            channel.send(_attempt(handler, channel.receive()))
    except (EOFError, OSError):
        return


def _receive_handler(channel: Channel) -> Callable[[Any], Any]:
    """Take the function; where that fails, each task shall tell why."""
    try:
        handler: Callable[[Any], Any] = channel.receive()
    except (AttributeError, ImportError) as error:
        message = f"{error}: a worker process knows what is in modules, not what is in a script"

        def handler(_: Any) -> Any:
            raise TrainingError(message)

    return handler


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
