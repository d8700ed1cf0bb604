"""Records of a training, by rank 0: logs, sheets, curves, parameters and checkpoints."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fomm_core.model.parameters import Parameters
from fomm_train.checkpoint import CheckpointFolder, Progress, TrainingState
from fomm_train.config import TrainConfig
from fomm_train.data.batch import Batch
from fomm_train.errors import DivergenceError
from fomm_train.graph.step import Loss, TrainingStep
from fomm_train.graph.training_graph import TrainingGraph
from fomm_train.monitoring.curves import draw_curves
from fomm_train.monitoring.log_directory import LogDirectory
from fomm_train.monitoring.series import LossMonitor, cut_series
from fomm_train.monitoring.sheets import write_sheet

# Epochs shorter than this get no checkpoint and no curves of their own.
_SHORTEST_SAVE_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckpointPolicy:
    """Frequency and number of what is kept.

    Attributes:
        save_minutes: longest time between two checkpoints.
        keep: number of checkpoints kept.
    """

    save_minutes: float = 10.0
    keep: int = 2


class Recorder:
    """Writes everything that a training leaves behind.

    Args:
        config: what is trained, and how often logs and sheets are written.
        directory: where; its folders exist.
        graph: whose predictions are shown and whose parameters are saved.
        step: whose solvers are saved.
        start: the state that the training goes on from, or ``None``.
        keeping: how often and how much is kept.
    """

    def __init__(
        self,
        config: TrainConfig,
        directory: LogDirectory,
        graph: TrainingGraph,
        step: TrainingStep,
        start: TrainingState | None,
        keeping: CheckpointPolicy,
    ) -> None:
        self._config = config
        self._directory = directory
        self._graph = graph
        self._step = step
        self._keeping = keeping
        self._checkpoints = CheckpointFolder(directory.checkpoints, keeping.keep)
        pending = {} if start is None else dict(start.series)
        self._monitor = LossMonitor(directory, config.monitor_params.monitor_freq, pending)
        self._saved_at = self._drawn_at = time.monotonic()
        self._is_new = start is None
        if start is not None:
            directory.clear_partial()
            self._checkpoints.clear_after(start.progress.step)
            cut_series(directory, start.progress.step)

    @property
    def last_checkpoint(self) -> Path | None:
        """The newest checkpoint, if there is one."""
        return next(iter(self._checkpoints.paths()), None)

    def begin(self, progress: Progress) -> None:
        """Write what a new training begins with, so that it can be resumed from now on.

        Before that there is no ``training_info.yaml``, and the directory can be begun anew.

        Raises: as :meth:`after_step`.
        """
        self.save_checkpoint(progress)
        self._directory.write_info(self._config)

    def after_step(self, progress: Progress, losses: Sequence[Loss], batch: Batch) -> None:
        """Log the step that led to this progress.

        Raises:
            OutputError: something cannot be written.
            DivergenceError: the parameters are no longer finite.
        """
        number = progress.step - 1
        self._monitor.add(number, losses)
        every = self._config.monitor_params.visualize_freq
        if self._is_new or progress.step % every == 0:
            self._write_sheet(progress, batch)
            self._is_new = False
        if time.monotonic() - self._saved_at >= self._keeping.save_minutes * 60:
            self.save_checkpoint(progress)

    def after_epoch(
        self, progress: Progress, epoch: int, is_last: bool, final: Parameters | None = None
    ) -> None:
        """Save what the epoch has learnt, as often as the configuration asks.

        Args:
            progress: at the end of the epoch.
            epoch: counted from 0.
            is_last: whether the training is over.
            final: parameters to export instead of those of the step.

        Raises: as :meth:`after_step`.
        """
        every = self._config.train_params.checkpoint_freq
        if is_last:
            self._monitor.flush(progress.step - 1)
        if is_last or (epoch + 1) % every == 0:
            self._save_parameters(self._directory.parameters_at(epoch), final)
            self._directory.write_states(self._step.solvers, epoch)
            self.save_checkpoint(progress)
        elif time.monotonic() - self._saved_at >= _SHORTEST_SAVE_SECONDS:
            self.save_checkpoint(progress)
        self._draw_curves(at_once=is_last)

    def after_stop(self, progress: Progress, final: Parameters | None = None) -> None:
        """Save everything in the middle of an epoch; ``final`` is as for :meth:`after_epoch`.

        Raises: as :meth:`after_step`.
        """
        self.save_checkpoint(progress)
        self._save_parameters(self._directory.latest_parameters, final)
        self._draw_curves(at_once=True)

    def save_checkpoint(self, progress: Progress) -> None:
        """Write a complete checkpoint.

        Raises: as :meth:`after_step`.
        """
        averages = self._step.averages
        state = TrainingState(
            progress,
            self._graph.networks.values(),
            self._step.solver_states(),
            self._monitor.pending,
            self._step.loss_scale,
            self._step.arithmetic,
            None if averages is None else averages.read(),
        )
        broken = state.non_finite()
        if broken is not None:
            raise DivergenceError(
                f"step {progress.step}: {broken}: expected finite values, found NaN or infinite",
                progress.step,
            )
        path = self._checkpoints.save(state)
        self._saved_at = time.monotonic()
        logger.info("checkpoint %s", path)

    def _write_sheet(self, progress: Progress, batch: Batch) -> None:
        path = self._directory.images / f"{progress.step:08d}.png"
        write_sheet(path, batch, self._graph.predictions(), self._config.visualizer_params)
        self._draw_curves()

    def _draw_curves(self, at_once: bool = False) -> None:
        """Draw the curves, unless they were drawn just before; it takes about a second."""
        if at_once or time.monotonic() - self._drawn_at >= _SHORTEST_SAVE_SECONDS:
            draw_curves(self._directory)
            self._drawn_at = time.monotonic()

    def _save_parameters(self, path: Path, final: Parameters | None) -> None:
        values = self._step.exported_parameters() if final is None else final
        self._directory.write_parameters(path, self._config, values)
        logger.info("parameters %s", path)
