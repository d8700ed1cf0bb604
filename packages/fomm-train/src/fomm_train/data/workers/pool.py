"""Many tasks for several processes, answered in the order in which they are done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
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


def _in_processes(
    handler: Callable[[Task], Answer], tasks: Iterator[Task], count: int
) -> Generator[tuple[Task, Answer | MediaError], None, None]:
    first = list(islice(tasks, count))
    pool = [WorkerProcess(handler, f"worker {number}") for number in range(len(first))]

    def work(worker: WorkerProcess[Task, Answer], task: Task) -> Answer | MediaError:
        worker.ask(task)
        return _attempt(worker.answer)

    # Each thread but waits for one of the processes.
    with ThreadPoolExecutor(count) as threads:
        try:
            busy = {
                threads.submit(work, worker, task): (worker, task)
                for worker, task in zip(pool, first, strict=True)
            }
            while busy:
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    worker, done = busy.pop(future)
                    for task in islice(tasks, 1):
                        busy[threads.submit(work, worker, task)] = (worker, task)
                    yield done, future.result()
        finally:
            for worker in pool:
                worker.close(kill=True)
