"""Batches that are ready when the training wants them."""

from __future__ import annotations

import logging
import time
import weakref
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from fomm_core.video.threads import prefetch
from fomm_train.data.batch import Batch, PairSource
from fomm_train.data.order import BatchOrder, BatchTask
from fomm_train.data.pairs import SkipsVideos
from fomm_train.data.workers.process import WorkerProcess

_log = logging.getLogger(__name__)

_TASKS_PER_WORKER = 2


@dataclass(frozen=True)
class _Made:
    """A batch, and the videos found unreadable so far by the one who made it."""

    batch: Batch
    skipped: dict[Path, str]


@dataclass(frozen=True)
class _BatchMaker:
    """Makes batches of one data set, in this process or in another."""

    pairs: PairSource

    def __call__(self, task: BatchTask) -> _Made:
        pairs = [self.pairs.pair(task.epoch, index) for index in task.indices.tolist()]
        skipped = dict(self.pairs.skipped) if isinstance(self.pairs, SkipsVideos) else {}
        return _Made(Batch.stack(pairs, task.sample_ids), skipped)


_BatchWorker = WorkerProcess[BatchTask, _Made]


class BatchLoader:
    """Makes the batches of one rank, in order, ahead of their use.

    Batch i of an epoch is the same however many workers there are, whatever was read before,
    and wherever an epoch is entered: resuming needs the epoch and the iteration only. Workers
    are processes of their own, started with the first batch; they also make the beginning
    of the next epoch ahead. Use it as a context manager, or call :meth:`close`; workers end
    with an error, with this object and with this process too.

    Args:
        pairs: the data set; for workers its class must be in a module that can be imported.
        batch_size: samples per batch, on each rank.
        rank: this process among those that train together.
        size: their number.
        seed: of the order of the samples, the same on all ranks.
        workers: number of worker processes; 0 makes each batch when it is asked for.
        depth: batches ready in this process, besides up to two in each worker.

    Attributes:
        batches_per_epoch: batches of every epoch.
        wait_seconds: time spent waiting for data so far.
        skipped: the videos that could not be read so far, and why; one warning each is logged.

    Raises:
        ConfigError: the data set is too small for one batch on every rank.
    """

    def __init__(
        self,
        pairs: PairSource,
        batch_size: int,
        rank: int = 0,
        size: int = 1,
        seed: int = 0,
        workers: int = 2,
        depth: int = 2,
    ) -> None:
        self._order = BatchOrder(len(pairs), batch_size, rank, size, seed)
        self.batches_per_epoch = self._order.batches_per_epoch
        self.wait_seconds = 0.0
        self.skipped: dict[Path, str] = {}
        self._stream = _BatchStream(_BatchMaker(pairs), self._order, workers, depth)
        self._end = weakref.finalize(self, self._stream.close)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch.

        Args:
            epoch: counted from 0.
            start: the batch to begin with, 0 .. ``batches_per_epoch``.

        Raises:
            FommError: no video can be read, or a worker is gone. Entering an epoch again
                starts the workers anew.
            ValueError: ``start`` is not within the epoch.
        """
        if not 0 <= start <= self.batches_per_epoch:
            raise ValueError(f"start: expected 0 .. {self.batches_per_epoch}, found {start}")
        return self._batches(epoch, start)

    def _batches(self, epoch: int, start: int) -> Iterator[Batch]:
        for iteration in range(start, self.batches_per_epoch):
            began = time.perf_counter()
            try:
                made = self._stream.next(epoch, iteration)
            finally:
                self.wait_seconds += time.perf_counter() - began
            self._report(made.skipped)
            yield made.batch

    def _report(self, skipped: dict[Path, str]) -> None:
        for video, reason in skipped.items():
            if video not in self.skipped:
                self.skipped[video] = reason
                _log.warning("skipped: %s (%d skipped so far)", reason, len(self.skipped))

    def close(self) -> None:
        """End the workers; closing again does nothing."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _BatchStream:
    """Makes batches, one epoch after another, until another place is asked for."""

    def __init__(self, maker: _BatchMaker, order: BatchOrder, workers: int, depth: int) -> None:
        self._maker = maker
        self._order = order
        self._count = workers
        self._depth = depth
        self._workers: list[_BatchWorker] = []
        self._stream: Iterator[_Made] | None = None
        self._place = (0, 0)

    def next(self, epoch: int, iteration: int) -> _Made:
        """Return one batch; those that follow it are being made already."""
        try:
            if self._stream is None or self._place != (epoch, iteration):
                self._stream = self._restarted(epoch, iteration)
            made = next(self._stream)
        except BaseException:
            self.close()
            raise
        wraps = iteration + 1 == self._order.batches_per_epoch
        self._place = (epoch + 1, 0) if wraps else (epoch, iteration + 1)
        return made

    def _restarted(self, epoch: int, iteration: int) -> Iterator[_Made]:
        """Drop what is being made and begin at another place."""
        self._stop()
        tasks = self._order.tasks(epoch, iteration)
        if self._count == 0:
            return (self._maker(task) for task in tasks)
        if not self._workers:
            names = (f"data worker {number}" for number in range(self._count))
            self._workers = [WorkerProcess(self._maker, name) for name in names]
        return prefetch(_answers(self._workers, tasks), self._depth)

    def _stop(self) -> None:
        if isinstance(self._stream, Generator):
            self._stream.close()
        self._stream = None

    def close(self) -> None:
        """End the workers at once, whatever they are at; asking for a batch starts new ones."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.kill()
        self._stop()  # while its thread waits for an answer, the pipes stay open
        for worker in workers:
            worker.close()


def _answers(workers: Sequence[_BatchWorker], tasks: Iterator[BatchTask]) -> Iterator[_Made]:
    """Deal tasks out in turn and yield the batches in the order of the tasks, without end."""
    for worker in workers:
        worker.forget_tasks()
    asked: deque[_BatchWorker] = deque()
    for worker in islice(cycle(workers), _TASKS_PER_WORKER * len(workers)):
        worker.ask(next(tasks))
        asked.append(worker)
    while True:
        worker = asked.popleft()
        made = worker.answer()
        worker.ask(next(tasks))
        asked.append(worker)
        yield made
