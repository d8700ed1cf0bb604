"""Cost of a training step beyond its graph, gain by two ranks, and where the time goes.

Usage: python benchmarks/training_step.py [--config NAME] [--backend {nnabla,torch}]
           [overhead] [ranks] [profile] [backends]

overhead
    The loop's step (batch from the loader, losses shared and checked, logs) against the same
    graph's bare forward, backward and update; in turns, in time of the processor.
ranks
    Samples a second of one process, of two under mpirun, and of two that know nothing of each
    other; in turns. Each has one core, which it shares with the worker that makes its batches.
    The last is what the machine allows: two cores that share a memory bus, or are threads of one,
    give less than twice. It needs two free cores.
profile
    The kinds of functions that take most of the graph's time, with NNabla's own convolution
    and with the one through NumPy's BLAS. NNabla only.
backends
    Seconds of a bare step in turns, and how many times PyTorch is as fast: NNabla with one thread
    against PyTorch with one and, as `fomm train` gives either, with all cores. The processor's
    seconds tell more on a busy machine. Only where it is asked for.

Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fomm_core.distributed import Communicator, SingleProcess
from fomm_core.utils.machine import usable_cores
from fomm_train.backend.precision import Arithmetic, BackendName, Precision
from fomm_train.backend.registry import BackendChoice
from fomm_train.backend.solvers import Network
from fomm_train.checkpoint import Progress
from fomm_train.config import TrainConfig
from fomm_train.configs import find_config
from fomm_train.data.batch import Batch
from fomm_train.data.workers.loader import BatchLoader
from fomm_train.graph.inputs import teacher_forcing_probability
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import TrainingGraph, build_graph
from fomm_train.kernels.import_workaround import remember_absent_modules
from fomm_train.monitoring.log_directory import LogDirectory
from fomm_train.monitoring.recorder import CheckpointPolicy, Recorder
from fomm_train.run.data import open_pairs

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ROUNDS = 12
WARM_UP_STEPS = 6
STEPS_OF_A_RANK = 15
TOTAL_STEPS = 1000


@dataclass(frozen=True, eq=False)
class Bench:
    """A training that is ready to run."""

    config: TrainConfig
    graph: TrainingGraph
    step: TrainingStep


def prepare(config: TrainConfig, communicator: Communicator, precision: Precision) -> Bench:
    """Build everything."""
    ops = precision.make_operations(communicator)
    graph = build_graph(config, ops, None, precision)
    return Bench(config, graph, TrainingStep(config, graph, communicator, precision, TOTAL_STEPS))


@contextmanager
def batches(config: TrainConfig, communicator: Communicator) -> Iterator[Iterator[Batch]]:
    """Batches without end, from a worker process."""
    size = config.train_params.batch_size
    pairs = open_pairs(config)
    with BatchLoader(pairs, size, communicator.rank, communicator.size, workers=1) as loader:
        yield (batch for epoch in range(TOTAL_STEPS) for batch in loader.epoch(epoch))


def bare_step(bench: Bench) -> None:
    """Forward, backward and update of the graph, as one would write it in NNabla."""
    ops, solvers = bench.graph.operations, bench.step.solvers
    first = [solvers[Network.GENERATOR], solvers[Network.KP_DETECTOR]]
    objectives = [(bench.graph.generator, first)]
    if bench.graph.discriminator is not None:
        objectives.append((bench.graph.discriminator, [solvers[Network.DISCRIMINATOR]]))
    for compute, own in objectives:
        objective = compute()
        ops.forward(*objective.detections, objective.total)
        for solver in own:
            solver.zero_grad()
        ops.backward(objective.total, 1.0)
        for solver in own:
            solver.update(2e-4)


def open_cpu(name: BackendName, communicator: Communicator) -> Precision:
    """Single precision on the CPU."""
    backend = BackendChoice(name).open()
    return backend.make_precision("cpu", communicator, Arithmetic(backend=name))


def measure_overhead(config: TrainConfig, name: BackendName) -> dict[str, float]:
    """Seconds of the processor for a step of the loop and for the bare one."""
    communicator = SingleProcess()
    bench = prepare(config, communicator, open_cpu(name, communicator))
    looped, bare = [], []
    with tempfile.TemporaryDirectory() as folder, batches(config, communicator) as source:
        directory = LogDirectory(Path(folder))
        directory.prepare()
        recorder = Recorder(config, directory, bench.graph, bench.step, None, CheckpointPolicy())
        for number in range(ROUNDS + 2):
            start = time.process_time()
            batch = next(source)
            report = bench.step.run(batch, 0, number)
            progress = Progress(number + 1, TOTAL_STEPS, len(batch))
            recorder.after_step(progress, report.losses, batch)
            middle = time.process_time()
            bare_step(bench)
            looped.append(middle - start)
            bare.append(time.process_time() - middle)
    ratios = [one / other for one, other in zip(looped[2:], bare[2:], strict=True)]
    return {
        "loop_s": round(statistics.median(looped[2:]), 4),
        "bare_s": round(statistics.median(bare[2:]), 4),
        "ratio": round(statistics.median(ratios), 3),
    }


def measure_backends(config: TrainConfig) -> dict[str, dict[str, float]]:
    """Seconds for a bare step of each backend, and how many times it is as fast as NNabla's."""
    import torch

    communicator = SingleProcess()
    with batches(config, communicator) as source:
        batch = next(source)
    names: tuple[BackendName, ...] = ("nnabla", "torch")
    benches = {n: prepare(config, communicator, open_cpu(n, communicator)) for n in names}
    for bench in benches.values():
        bench.step.run(batch, 0, 0)
    threads = sorted({1, usable_cores()})
    contenders = {"nnabla": (benches["nnabla"], 1)}
    contenders |= {f"torch, {n} threads": (benches["torch"], n) for n in threads}
    walls: dict[str, list[float]] = {contender: [] for contender in contenders}
    works: dict[str, list[float]] = {contender: [] for contender in contenders}
    for _ in range(ROUNDS):
        for name, (bench, count) in contenders.items():
            torch.set_num_threads(count)
            start, worked = time.perf_counter(), time.process_time()
            bare_step(bench)
            walls[name].append(time.perf_counter() - start)
            works[name].append(time.process_time() - worked)
    return {
        name: {
            "seconds": round(statistics.median(walls[name]), 4),
            "processor_s": round(statistics.median(works[name]), 4),
            "ratio": _median_ratio(walls["nnabla"], walls[name]),
            "processor_ratio": _median_ratio(works["nnabla"], works[name]),
        }
        for name in contenders
    }


def _median_ratio(ones: list[float], others: list[float]) -> float:
    """Median of the ratios of what was measured in the same turns."""
    return round(statistics.median(a / b for a, b in zip(ones, others, strict=True)), 2)


def run_rank(config: TrainConfig, name: BackendName) -> None:
    """Print the samples a second of all ranks, and rank 0's seconds of the processor for a step."""
    communicator = BackendChoice(name).open().join_ranks("cpu")
    if hasattr(os, "sched_setaffinity"):
        # Otherwise the worker of a single rank has a core of its own, and those of two do not.
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[communicator.local_rank]})
    bench = prepare(config, communicator, open_cpu(name, communicator))
    with batches(config, communicator) as source:
        for number in range(WARM_UP_STEPS):
            bench.step.run(next(source), 0, number)
        communicator.barrier()
        start, worked = time.perf_counter(), time.process_time()
        for number in range(STEPS_OF_A_RANK):
            bench.step.run(next(source), 0, number)
        worked = time.process_time() - worked
        communicator.barrier()
    seconds = time.perf_counter() - start
    if communicator.is_main:
        samples = STEPS_OF_A_RANK * config.train_params.batch_size * communicator.size
        print(samples / seconds, worked / STEPS_OF_A_RANK)


def measure_ranks(config: str, name: BackendName) -> dict[str, Any]:
    """Samples a second of one rank, of two and of two processes apart; a step's processor seconds.

    The seconds are those of a step of one rank. ``of_what_is_possible`` is the share of the rate
    of two processes apart that two ranks reach.
    """
    beside = Path(sys.executable).parent / "mpirun"
    mpirun = str(beside) if beside.is_file() else shutil.which("mpirun")
    if mpirun is None:
        return {"skipped": "no mpirun here; install fomm-train[mpi]"}
    script = [sys.executable, __file__, "--config", config, "--backend", name, "one-of-the-ranks"]
    contenders = {
        "one": lambda: _run_together([script]),
        "two": lambda: _run_together([[mpirun, "-n", "2", *script]]),
        "apart": lambda: _run_together([script, script]),
    }
    measured: dict[str, list[list[float]]] = {contender: [] for contender in contenders}
    for _ in range(3):
        for contender, run in contenders.items():
            measured[contender].append(run())
    found = {
        contender: [statistics.median(column) for column in zip(*rounds, strict=True)]
        for contender, rounds in measured.items()
    }
    rates = {contender: rate for contender, (rate, _) in found.items()}
    return {
        **{contender: round(rate, 2) for contender, rate in rates.items()},
        "ratio": round(rates["two"] / rates["one"], 3),
        "of_what_is_possible": round(rates["two"] / rates["apart"], 3),
        "processor_s": {contender: round(work, 4) for contender, (_, work) in found.items()},
    }


def _run_together(commands: Sequence[Sequence[str]]) -> list[float]:
    """Sum of the samples a second of commands that run side by side, and the mean of the seconds.

    Where there are several, each gets a core.
    """
    running = []
    for number, command in enumerate(commands):
        # A child has the cores of the process that starts it.
        with _held_to_core(number if len(commands) > 1 else None):
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    printed = [process.communicate()[0] for process in running]
    for process in running:
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
    rates, works = zip(*([float(word) for word in text.split()] for text in printed), strict=True)
    return [sum(rates), statistics.mean(works)]


@contextmanager
def _held_to_core(number: int | None) -> Iterator[None]:
    """Hold what is started meanwhile to one of this process's cores, where one is named."""
    if number is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def profile(config: TrainConfig) -> dict[str, dict[str, float]]:
    """Shares of the graph's time by kind of function and pass, the largest ones."""
    from fomm_train.backend.nnabla.precision import NNablaPrecision, make_precision

    blas = make_precision("cpu", 0)
    return {
        "nnabla": _profile(config, NNablaPrecision(blas.single)),
        "blas": _profile(config, blas),
    }


def _profile(config: TrainConfig, precision: Precision) -> dict[str, float]:
    communicator = SingleProcess()
    bench = prepare(config, communicator, precision)
    with batches(config, communicator) as source:
        batch = next(source)
    bench.step.run(batch, 0, 0)
    probability = teacher_forcing_probability(config.train_params, 0, TOTAL_STEPS)
    bench.graph.inputs.set(batch, config.train_params, probability)
    spent: dict[str, float] = defaultdict(float)
    began = 0.0

    def before(_: Any) -> None:
        nonlocal began
        began = time.process_time()

    def after(name: str) -> Any:
        def add(function: Any) -> None:
            kind = function.info.type_name
            spent[f"{kind} {name}"] += time.process_time() - began

        return add

    total: Any = bench.graph.generator().total
    total.forward(
        clear_no_need_grad=True, function_pre_hook=before, function_post_hook=after("forward")
    )
    total.backward(
        clear_buffer=True, function_pre_hook=before, function_post_hook=after("backward")
    )
    seconds = sum(spent.values())
    largest = sorted(spent.items(), key=lambda item: -item[1])[:12]
    shares = {name: round(value / seconds, 3) for name, value in largest}
    return {"seconds": round(seconds, 3), **shares}


def use_one_thread() -> None:
    """Start again with NumPy held to one thread, as ``fomm train`` does."""
    if any(name not in os.environ for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, *sys.argv])


def main() -> None:
    """Measure what is asked for."""
    use_one_thread()
    remember_absent_modules()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="avatar-64")
    parser.add_argument("--backend", choices=["nnabla", "torch"], default="nnabla")
    parser.add_argument("what", nargs="*", default=["overhead", "ranks", "profile"])
    arguments = parser.parse_args()
    config = find_config(arguments.config)
    if arguments.what == ["one-of-the-ranks"]:
        run_rank(config, arguments.backend)
        return
    results: dict[str, Any] = {"config": arguments.config, "backend": arguments.backend}
    if "overhead" in arguments.what:
        results["overhead"] = measure_overhead(config, arguments.backend)
    if "ranks" in arguments.what:
        results["ranks"] = measure_ranks(arguments.config, arguments.backend)
    if "profile" in arguments.what:
        results["profile"] = profile(config)
    if "backends" in arguments.what:
        results["backends"] = measure_backends(config)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
