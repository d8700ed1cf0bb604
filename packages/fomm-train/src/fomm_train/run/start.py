"""Start of a training: new, from stage one's parameters, or where it was interrupted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from fomm_core.model.parameters import Parameters, check_parameters, load_parameters
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.registry import BackendChoice, BackendOption, choose_backend
from fomm_train.backend.solvers import Network
from fomm_train.checkpoint import CheckpointFolder, Progress, TrainingState
from fomm_train.config import TrainConfig
from fomm_train.errors import TrainingError
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import TrainingGraph
from fomm_train.monitoring.log_directory import (
    LogDirectory,
    epoch_of_parameters,
    new_directory,
    open_directory,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class RunStart:
    """Start of a training.

    Attributes:
        config: what is trained.
        directory: where it is logged.
        epoch: the first epoch, counted from 0; that of ``state`` where there is one.
        parameters: values to begin with instead of random ones.
        origin: where those are from, for messages.
        state: the moment at which the training was interrupted.
    """

    config: TrainConfig
    directory: LogDirectory
    epoch: int = 0
    parameters: Parameters | None = None
    origin: str = ""
    state: TrainingState | None = None

    def settle_arithmetic(self, wanted: Arithmetic) -> Arithmetic:
        """The arithmetic that is wanted, or that an interrupted training has computed with."""
        return wanted if self.state is None else self.state.arithmetic


def start_new(config: TrainConfig, out: Path | None, info: str) -> RunStart:
    """Begin with random parameters, in a new log directory.

    Args:
        config: what is trained.
        out: the log directory itself; by default a new one below ``monitor_path``.
        info: a word or two for the directory's name.

    Raises:
        TrainingError: ``out`` holds a training already.
    """
    if out is None:
        directory = new_directory(Path(config.monitor_params.monitor_path), info)
    else:
        directory = LogDirectory(out)
    if directory.training_info.exists():
        raise TrainingError(
            f"{directory.path}: expected a new log directory, found a training in it; "
            "go on with --resume or choose another"
        )
    return RunStart(config, directory)


def fine_tune(
    config: TrainConfig, out: Path | None, info: str, ft_params: Path, epoch: int | None
) -> RunStart:
    """Begin with the parameters of an earlier stage; solvers begin anew.

    Args:
        config, out, info: as for :func:`start_new`.
        ft_params: a parameter file. Where it has no discriminator, that begins at random.
        epoch: the first epoch. By default the one after the epoch that the file's name tells
            (``params_at_epoch_99.h5``: 100) where the configuration has that many, else 0.

    Raises:
        ParameterError: the file is missing or damaged.
        TrainingError: there is no epoch left, or ``out`` holds a training already.
    """
    beginning = start_new(config, out, info)
    total = config.train_params.num_epochs
    first = _epoch_after(ft_params, total) if epoch is None else epoch
    if first >= total:
        raise TrainingError(
            f"--start-epoch: expected one before {total} (train_params.num_epochs), found {first}"
        )
    return RunStart(
        config,
        beginning.directory,
        epoch=first,
        parameters=load_parameters(ft_params),
        origin=str(ft_params),
    )


def _epoch_after(ft_params: Path, total: int) -> int:
    """The epoch to count on from: stage two's configuration counts stage one's epochs too."""
    named = epoch_of_parameters(ft_params)
    return named + 1 if named is not None and named + 1 < total else 0


def resume(path: Path) -> RunStart:
    """Go on with an interrupted training, exactly.

    Args:
        path: its log directory, from which the configuration is taken too.

    Raises:
        TrainingError: the path is not such a directory or has no readable checkpoint.
        ConfigError: its configuration is damaged.
    """
    directory, config = open_directory(path)
    state = CheckpointFolder(directory.checkpoints).newest()
    logger.info("%s: going on from step %d", path, state.progress.step)
    return RunStart(
        config,
        directory,
        epoch=state.progress.epoch,
        parameters=state.parameters,
        origin=f"the checkpoint of step {state.progress.step} in {directory.checkpoints}",
        state=state,
    )


def choose_resumed_backend(path: Path, wanted: BackendOption, context: str) -> BackendChoice:
    """Choose what computes the rest of an interrupted training.

    Args:
        path: its log directory.
        wanted, context: as for :func:`fomm_train.backend.registry.choose_backend`.

    Raises:
        TrainingError: it is not installed.
    """
    saved = CheckpointFolder(LogDirectory(path).checkpoints).newest_arithmetic()
    if saved is None:  # which is told where the training is opened
        return choose_backend(wanted, context, "float")
    return choose_backend(wanted, context, saved.type_config, saved.backend)


def first_progress(beginning: RunStart, steps_per_epoch: int, global_batch: int) -> Progress:
    """The moment from which the steps are counted on.

    Raises:
        TrainingError: data, batch size or number of ranks are not those of the interrupted
            training, so that it could not be continued exactly.
    """
    if beginning.state is None:
        return Progress(beginning.epoch * steps_per_epoch, steps_per_epoch, global_batch)
    saved = beginning.state.progress
    if saved.global_batch != global_batch:
        raise TrainingError(
            f"--resume {beginning.directory.path}: expected {saved.global_batch} samples a step "
            f"over all ranks, found {global_batch}; start as many ranks as before"
        )
    if saved.steps_per_epoch != steps_per_epoch:
        raise TrainingError(
            f"--resume {beginning.directory.path}: expected a data set of {saved.steps_per_epoch} "
            f"steps an epoch, found {steps_per_epoch}; restore the data, or start anew with "
            "--ft-params"
        )
    return saved


def apply_start(beginning: RunStart, graph: TrainingGraph, step: TrainingStep) -> None:
    """Put parameters and solver states in place.

    Raises:
        ParameterError: they do not fit the configuration.
    """
    if beginning.parameters is not None:
        set_parameters(graph.operations, beginning.parameters, beginning.origin)
    if beginning.state is not None:
        for network, solver in step.solvers.items():
            solver.restore(beginning.state.solvers.get(network, {}))
        step.loss_scale = beginning.state.loss_scale


def set_parameters(ops: TrainingOperations, values: Parameters, origin: str) -> None:
    """Set all parameters to loaded values; a discriminator may be missing, all else may not.

    Raises:
        ParameterError: a value is missing or does not fit; the message names it.
    """
    prefix = f"{Network.DISCRIMINATOR.value}/"
    judged = any(name.startswith(prefix) for name in values)
    wanted = {n: v for n, v in ops.parameters().items() if judged or not n.startswith(prefix)}
    check_parameters(values, {name: v.shape for name, v in wanted.items()}, origin)
    for name, parameter in wanted.items():
        ops.write(parameter, values[name])
