"""A whole training: everything put together, run, and its end reported."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from fomm_core.distributed import Communicator
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import SINGLE_PRECISION, Arithmetic, Precision
from fomm_train.backend.registry import BackendChoice, BackendOption, choose_backend
from fomm_train.checkpoint import Progress
from fomm_train.config import TrainConfig
from fomm_train.errors import TrainingError
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import TrainingGraph, build_graph
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.vgg19_weights import find_weights
from fomm_train.losses.weighting import is_on
from fomm_train.monitoring.progress_bar import ProgressBar
from fomm_train.monitoring.recorder import CheckpointPolicy, Recorder
from fomm_train.run import start
from fomm_train.run.data import MakePairs, open_loader, open_pairs
from fomm_train.run.interruption import StopRequest
from fomm_train.run.start import RunStart, apply_start, first_progress
from fomm_train.run.trainer import Trainer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainOptions:
    """Running of a training; none of it changes what is learnt.

    Attributes:
        max_minutes: stop after this time; ``None`` for no limit.
        workers: processes that make batches; ``None`` for a number that suits the machine.
        keeping: how often and how much is kept.
        quiet: show no progress bar.

    Raises:
        TrainingError: there is no time, or the workers are fewer than none.
    """

    max_minutes: float | None = None
    workers: int | None = None
    keeping: CheckpointPolicy = field(default_factory=CheckpointPolicy)
    quiet: bool = False

    def __post_init__(self) -> None:
        minutes, workers = self.max_minutes, self.workers
        if minutes is not None and not minutes > 0:
            raise TrainingError(f"max_minutes: expected more than 0, found {minutes}")
        if workers is not None and workers < 0:
            raise TrainingError(f"workers: expected 0 or more, found {workers}")


@dataclass(frozen=True)
class TrainResult:
    """The end of a training.

    Attributes:
        progress: how far it came.
        is_complete: whether all epochs are done.
        reason: why it stopped, where it did.
        log_directory: where everything is.
    """

    progress: Progress
    is_complete: bool
    reason: str
    log_directory: Path


def train(
    config: TrainConfig,
    out: str | Path | None = None,
    *,
    ft_params: str | Path | None = None,
    start_epoch: int | None = None,
    context: str = "auto",
    arithmetic: Arithmetic = SINGLE_PRECISION,
    options: TrainOptions = TrainOptions(),
    backend: BackendOption = "auto",
) -> TrainResult:
    """Train the networks of a configuration (Section 3.3 of the paper), as ``fomm train`` does.

    Under ``mpirun`` every rank calls it; ``mpirun -n 2 python -m mpi4py script.py`` ends all of
    them where one fails.

    Args:
        config: what is trained, on what, for how long.
        out: the log directory; by default a new one below ``monitor_params.monitor_path``.
        ft_params: parameters (.h5) to begin with instead of random ones.
        start_epoch: the first epoch with ``ft_params``, counted from 0; by default the one
            after the epoch in that file's name.
        context: where to compute; ``"auto"`` takes a GPU where there is one.
        arithmetic: mixed precision and channel-last convolutions, on GPUs.
        options: how to run.
        backend: what computes; ``"auto"`` takes PyTorch where NNabla is not installed or cannot
            use the GPU.

    Raises:
        FommError: one of its kinds, for whatever is missing, damaged or goes wrong; such as
            TrainingError where no backend is installed, ``config`` is none of a training,
            ``start_epoch`` comes without ``ft_params``, or ``out`` holds a training, or
            DivergenceError where a loss becomes NaN or infinite.
    """
    choice = choose_backend(backend, context, arithmetic.type_config)
    if not isinstance(config, TrainConfig):  # fomm-core's Config reads the same files
        expected = "a TrainConfig, as load_train_config reads it"
        raise TrainingError(f"config: expected {expected}, found {type(config).__name__}")
    if start_epoch is not None and ft_params is None:
        raise TrainingError("start_epoch: expected ft_params with it, found none")
    folder = None if out is None else Path(out)
    if ft_params is None:
        beginning = start.start_new(config, folder, "")
    else:
        beginning = start.fine_tune(config, folder, "", Path(ft_params), start_epoch)
    return _join_and_train(beginning, choice, context, arithmetic, options)


def resume(
    log_directory: str | Path,
    *,
    context: str = "auto",
    options: TrainOptions = TrainOptions(),
    backend: BackendOption = "auto",
) -> TrainResult:
    """Go on with an interrupted training exactly, as ``fomm train --resume`` does.

    Args:
        log_directory: of that training; configuration and arithmetic are taken from it.
        context, options: as for :func:`train`.
        backend: what computes; ``"auto"`` goes on with the same, which alone is exact.

    Raises:
        FommError: as for :func:`train`; TrainingError where there is no readable checkpoint.
    """
    choice = start.choose_resumed_backend(Path(log_directory), backend, context)
    beginning = start.resume(Path(log_directory))
    return _join_and_train(beginning, choice, context, SINGLE_PRECISION, options)


def _join_and_train(
    beginning: RunStart,
    choice: BackendChoice,
    context: str,
    arithmetic: Arithmetic,
    options: TrainOptions,
) -> TrainResult:
    """Train on all ranks that the launcher has started."""
    backend = choice.open()
    chosen = backend.choose_context(context)
    communicator = backend.join_ranks(chosen)
    settled = replace(beginning.settle_arithmetic(arithmetic), backend=choice.name)
    precision = backend.make_precision(chosen, communicator, settled)
    return run_training(beginning, communicator, precision, options)


def run_training(
    beginning: RunStart,
    communicator: Communicator,
    precision: Precision,
    options: TrainOptions,
    make_pairs: MakePairs = open_pairs,
) -> TrainResult:
    """Train until the end, a signal, or the time is up; every rank calls it.

    Args:
        beginning: configuration and starting point.
        communicator: the ranks.
        precision: where to compute.
        options: how to run.
        make_pairs: opens the data set; by default the one that the configuration names.

    Raises:
        FommError: one of its kinds, for whatever is missing, damaged or goes wrong.
    """
    config = beginning.config
    params = config.train_params
    seconds = None if options.max_minutes is None else options.max_minutes * 60
    with ExitStack() as stack:
        stop = stack.enter_context(StopRequest(seconds))
        loader = stack.enter_context(open_loader(config, communicator, options.workers, make_pairs))
        per_epoch = loader.batches_per_epoch
        progress = first_progress(beginning, per_epoch, params.batch_size * communicator.size)
        total_steps = params.num_epochs * per_epoch
        graph, step = _prepare(beginning, communicator, precision, total_steps)
        recorder = _make_recorder(beginning, communicator, graph, step, options.keeping)
        if recorder is not None and beginning.state is None:
            recorder.begin(progress)
        quiet = options.quiet or not communicator.is_main
        bar = stack.enter_context(ProgressBar(progress, total_steps, params.num_epochs, quiet))
        trainer = Trainer(
            step, loader, recorder, stop, bar, params.num_epochs, params.statistics_batches
        )
        progress = trainer.run(progress)
        communicator.barrier()
        is_complete = progress.epoch >= params.num_epochs
        reason = "" if is_complete else stop.reason
    return TrainResult(progress, is_complete, reason, beginning.directory.path)


def _prepare(
    beginning: RunStart, communicator: Communicator, precision: Precision, total_steps: int
) -> tuple[TrainingGraph, TrainingStep]:
    """Build the graph and put everything in its place, equal on all ranks."""
    config = beginning.config
    ops = precision.make_operations(communicator)
    vgg = _load_vgg(ops, config, communicator)
    with precision.everything():
        graph = build_graph(config, ops, vgg, precision)
        step = TrainingStep(config, graph, communicator, precision, total_steps)
        apply_start(beginning, graph, step)
        ops.copy_from_main(communicator)
        state = beginning.state
        step.begin_averages(None if state is None else state.averages)
    return graph, step


def _load_vgg(
    ops: TrainingOperations, config: TrainConfig, communicator: Communicator
) -> Vgg19 | None:
    """Load VGG19 where it is needed; rank 0 downloads it before the others look."""
    if not is_on(config.train_params.loss_weights.perceptual):
        return None
    if not communicator.is_main:
        communicator.barrier()
        return Vgg19.load(ops, find_weights(config.train_params, progress=False))
    path = find_weights(config.train_params)
    communicator.barrier()
    return Vgg19.load(ops, path)


def _make_recorder(
    beginning: RunStart,
    communicator: Communicator,
    graph: TrainingGraph,
    step: TrainingStep,
    keeping: CheckpointPolicy,
) -> Recorder | None:
    if not communicator.is_main:
        return None
    beginning.directory.prepare()
    return Recorder(beginning.config, beginning.directory, graph, step, beginning.state, keeping)
