"""A whole training run: everything put together, run, and handed back."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import nnabla as nn

from fomm_core.distributed import Communicator
from fomm_core.distributed.launcher import local_size
from fomm_core.errors import ConfigError
from fomm_core.utils.machine import usable_cores
from fomm_train.backend.communicator import copy_from_main
from fomm_train.backend.precision import Precision
from fomm_train.checkpoint import Progress
from fomm_train.config import TrainConfig
from fomm_train.data.batch import PairSource
from fomm_train.data.workers.loader import BatchLoader
from fomm_train.graph.inputs import needs_truth
from fomm_train.graph.normalization import synchronised
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import TrainingGraph, build_graph
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.vgg19_weights import find_weights
from fomm_train.losses.weighting import is_on
from fomm_train.monitoring.progress_bar import ProgressBar
from fomm_train.monitoring.recorder import CheckpointPolicy, Recorder
from fomm_train.run.interruption import StopRequest
from fomm_train.run.start import RunStart, apply_start, first_progress
from fomm_train.run.trainer import Trainer

_MOST_WORKERS = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainOptions:
    """How a training runs; none of it changes what is learnt.

    Attributes:
        max_minutes: stop after this time; ``None`` for no limit.
        workers: processes that make batches; ``None`` for a number that suits the machine.
        keeping: how often and how much is kept.
        quiet: show no progress bar.
    """

    max_minutes: float | None = None
    workers: int | None = None
    keeping: CheckpointPolicy = field(default_factory=CheckpointPolicy)
    quiet: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

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
    beginning: RunStart,
    communicator: Communicator,
    precision: Precision,
    options: TrainOptions,
    make_pairs: Callable[[TrainConfig], PairSource] | None = None,
) -> Outcome:
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
        pairs = (make_pairs or open_pairs)(config)
        _check_truth(config, pairs)
        loader = stack.enter_context(
            BatchLoader(
                pairs,
                params.batch_size,
                communicator.rank,
                communicator.size,
                params.seed,
                choose_workers(communicator) if options.workers is None else options.workers,
            )
        )
        per_epoch = loader.batches_per_epoch
        progress = first_progress(beginning, per_epoch, params.batch_size * communicator.size)
        total_steps = params.num_epochs * per_epoch
        graph, step = _prepare(beginning, communicator, precision, total_steps)
        recorder = _make_recorder(beginning, communicator, graph, step, options.keeping)
        if recorder is not None and beginning.state is None:
            recorder.begin(progress)
        quiet = options.quiet or not communicator.is_main
        bar = stack.enter_context(ProgressBar(progress, total_steps, params.num_epochs, quiet))
        trainer = Trainer(step, loader, recorder, stop, bar, params.num_epochs)
        progress = trainer.run(progress)
        communicator.barrier()
        is_complete = progress.epoch >= params.num_epochs
        reason = "" if is_complete else stop.reason
    return Outcome(progress, is_complete, reason, beginning.directory.path)


def open_pairs(config: TrainConfig) -> PairSource:
    """Open the data set that the configuration names.

    Raises:
        FommError: it is missing or empty.
    """
    if config.dataset_params.avatars is not None:
        from fomm_train.synthetic.pairs import AvatarPairs

        return AvatarPairs.from_config(config)
    from fomm_train.data.pairs import VideoPairs

    return VideoPairs.from_config(config)


def _check_truth(config: TrainConfig, pairs: PairSource) -> None:
    """Refuse data that do not know what the losses need."""
    if needs_truth(config.train_params) and not pairs.knows_truth:
        raise ConfigError(
            "train_params: supervision, region weights and true keypoints need a data set that "
            "knows the truth (dataset_params.avatars and 10 keypoints), found one that does not"
        )


def choose_workers(communicator: Communicator) -> int:
    """Worker processes for this rank: the cores that training leaves free, but at least one."""
    ranks = local_size(os.environ, communicator.size)
    return max(1, min(_MOST_WORKERS, usable_cores() // ranks - 1))


def _prepare(
    beginning: RunStart, communicator: Communicator, precision: Precision, total_steps: int
) -> tuple[TrainingGraph, TrainingStep]:
    """Build the graph and put everything in its place, equal on all ranks."""
    config = beginning.config
    vgg = _load_vgg(config, communicator)
    with nn.context_scope(precision.single):
        graph = build_graph(config, synchronised(communicator), vgg, precision)
        step = TrainingStep(config, graph, communicator, precision, total_steps)
        apply_start(beginning, graph, step)
        copy_from_main(communicator, [v.data for v in graph.networks.parameters().values()])
    return graph, step


def _load_vgg(config: TrainConfig, communicator: Communicator) -> Vgg19 | None:
    """Load VGG19 where it is needed; rank 0 downloads it before the others look."""
    if not is_on(config.train_params.loss_weights.perceptual):
        return None
    if not communicator.is_main:
        communicator.barrier()
        return Vgg19.load(find_weights(config.train_params, progress=False))
    path = find_weights(config.train_params)
    communicator.barrier()
    return Vgg19.load(path)


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
