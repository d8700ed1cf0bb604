"""Speed and ends of worker processes: this project's own beside those of loky.

    uv run --with loky python packages/fomm-train/benchmarks/worker_pools.py

Arrays as large as a batch of eight pairs at 256x256 (float32) come from two processes, in
order, two tasks ahead of each. Told is the time of a batch, and how much of it the receiving
process is busy itself, which a training on the same core waits for. Then an owner is killed
(SIGKILL) while its workers are at tasks of two seconds: how many live on 15 s later?
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

import loky
import numpy as np
import psutil

from fomm_core.image import FloatArray
from fomm_train.data.workers.process import WorkerProcess

WORKERS, AHEAD, BATCHES = 2, 4, 40
TASK_S = 2.0
SHAPE = (2, 8, 3, 256, 256)


def make(number: int) -> FloatArray:
    """A batch that costs next to nothing to make."""
    return np.full(SHAPE, number, np.float32)


def sleep(seconds: float) -> None:
    """A long task."""
    time.sleep(seconds)


def own(count: int) -> Iterator[FloatArray]:
    """Batches by :class:`WorkerProcess`, dealt out in turn."""
    workers = [WorkerProcess(make, f"worker {number}") for number in range(WORKERS)]
    for number in range(AHEAD):
        workers[number % WORKERS].ask(number)
    for number in range(count):
        made = workers[number % WORKERS].answer()
        workers[number % WORKERS].ask(number + AHEAD)
        yield made
    for worker in workers:
        worker.kill()
        worker.close()


def by_loky(count: int) -> Iterator[FloatArray]:
    """Batches by an executor of loky, in order."""
    with loky.ProcessPoolExecutor(WORKERS) as pool:
        due = deque(pool.submit(make, number) for number in range(AHEAD))
        for number in range(count):
            made = due.popleft().result()
            due.append(pool.submit(make, number + AHEAD))
            yield made


def measure(name: str, batches: Callable[[int], Iterator[FloatArray]]) -> None:
    """Print a row of the table: the first batch, and the mean of those that follow."""
    began = time.perf_counter()
    stream = batches(BATCHES + 1)
    next(stream)
    first = time.perf_counter() - began
    began, busy = time.perf_counter(), time.process_time()
    for number, batch in enumerate(islice(stream, BATCHES), start=1):
        if batch[0, 0, 0, 0, 0] != number:
            raise SystemExit(f"{name}: batches out of order")
    wall, busy = time.perf_counter() - began, time.process_time() - busy
    next(stream, None)
    each = f"{1000 * wall / BATCHES:.1f} ms | {1000 * busy / BATCHES:.1f} ms"
    print(f"| {name} | {first:.2f} s | {each} |")


def own_then_wait() -> None:
    """Start workers at a task, and tell that they are."""
    workers = [WorkerProcess(sleep, f"worker {number}") for number in range(WORKERS)]
    for worker in workers:
        worker.ask(0.0)
        worker.answer()
        worker.ask(TASK_S)
    print("ready", flush=True)
    time.sleep(60)


def loky_then_wait() -> None:
    """Do the same with loky."""
    pool = loky.ProcessPoolExecutor(WORKERS)
    list(pool.map(sleep, [0.0] * WORKERS))
    futures = [pool.submit(sleep, TASK_S) for _ in range(WORKERS)]
    print("ready", flush=True)
    futures[0].result()
    time.sleep(60)


def count_orphans(kind: str) -> int:
    """Kill an owner; the number of its processes that live 15 s later."""
    code = f"import sys; sys.path[:] = {sys.path!r}; import worker_pools as w; w.{kind}_then_wait()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as owner:
        owner.stdout.readline()
        workers = psutil.Process(owner.pid).children(recursive=True)
        owner.kill()
    _, alive = psutil.wait_procs(workers, timeout=15)
    for process in alive:
        process.kill()
    return len(alive)


def main() -> None:
    """Print a table, and what is left of killed owners."""
    print("| | first batch | per batch | of it busy |\n| --- | --- | --- | --- |")
    measure("WorkerProcess", own)
    measure("loky", by_loky)
    print(f"\nliving on after SIGKILL of the owner: WorkerProcess {count_orphans('own')}", end="")
    print(f", loky {count_orphans('loky')}")


if __name__ == "__main__":
    # Tasks are named by their module, and a script's is not one that workers can import.
    import worker_pools

    worker_pools.main()
