"""Many tasks for several processes, answered in the order in which they are done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import TypeVar

from fomm_core.errors import MediaError
from fomm_train.data.workers.process import WorkerProcess

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def results_as_done(
    handler: Callable[[Task], Answer], tasks: Iterable[Task], workers: int
) -> Generator[tuple[Task, Answer | MediaError], None, None]:
    """Apply a function to tasks in worker processes.

    The processes end with the iterator, at once where it is closed early: what they were at
    is lost.

    Args:
        handler: what is applied to each task; it, the tasks and the answers can be pickled.
        tasks: what there is to do.
        workers: number of processes; 0 does it in this one.

    Yields:
        Each task with its answer, or with the error where its media cannot be read.

    Raises:
        FommError: the handler failed for another reason, or a process is gone.
        RuntimeError: the handler failed by a defect.
    """
    if workers == 0:
        return ((task, _attempt(partial(handler, task))) for task in tasks)
    return _in_processes(handler, iter(tasks), workers)


def _attempt(work: Callable[[], Answer]) -> Answer | MediaError:
    try:
        return work()
    except MediaError as error:
        return error


@dataclass(frozen=True)
class _Failed:
    """An error of another thread, to be raised where the answer is wanted."""

    error: BaseException


def _in_processes(
    handler: Callable[[Task], Answer], tasks: Iterator[Task], count: int
) -> Generator[tuple[Task, Answer | MediaError], None, None]:
    first = list(islice(tasks, count))
    pool = [WorkerProcess(handler, f"worker {number}") for number in range(len(first))]
    # Python's own executor may stay locked where a Ctrl-C falls into it.
    done: SimpleQueue[tuple[WorkerProcess[Task, Answer], Task, Answer | MediaError | _Failed]]
    done = SimpleQueue()

    def work(worker: WorkerProcess[Task, Answer], task: Task) -> None:
        try:
            worker.ask(task)
            done.put((worker, task, _attempt(worker.answer)))
        except BaseException as error:  # noqa: BLE001 - raised where the answer is wanted
            done.put((worker, task, _Failed(error)))

    def start(worker: WorkerProcess[Task, Answer], task: Task) -> None:
        """Let a thread wait for the answer; it ends with the process at the latest."""
        threading.Thread(target=work, args=(worker, task), daemon=True).start()

    try:
        for worker, task in zip(pool, first, strict=True):
            start(worker, task)
        busy = len(first)
        while busy:
            worker, task, outcome = done.get()
            busy -= 1
            for following in islice(tasks, 1):
                start(worker, following)
                busy += 1
            if isinstance(outcome, _Failed):
                raise outcome.error
            yield task, outcome
    finally:
        for worker in pool:
            worker.kill()
            worker.close()
