"""The loop: batches in, steps done, progress recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from fomm_core.devices import raise_device_errors
from fomm_core.errors import DeviceError, FommError, OutputError
from fomm_core.model.parameters import Parameters
from fomm_train.checkpoint import Progress
from fomm_train.data.batch import Batch
from fomm_train.data.workers.loader import BatchLoader
from fomm_train.errors import DivergenceError, TrainingError
from fomm_train.graph.reestimation import reestimate_statistics
from fomm_train.graph.step import TrainingStep
from fomm_train.monitoring.progress_bar import ProgressBar
from fomm_train.monitoring.recorder import Recorder
from fomm_train.run.interruption import StopRequest


@dataclass(frozen=True, eq=False)
class Trainer:
    """One rank's part of a training.

    Attributes:
        step: runs the steps.
        loader: this rank's batches.
        recorder: on rank 0, keeps what is learnt; ``None`` elsewhere.
        stop: this rank's wish to stop.
        bar: shows the progress.
        epochs: number of epochs of the whole training.
        statistics_batches: batches on which the running statistics are estimated anew at the
            end; 0 for none.
    """

    step: TrainingStep
    loader: BatchLoader
    recorder: Recorder | None
    stop: StopRequest
    bar: ProgressBar
    epochs: int
    statistics_batches: int = 0

    def run(self, progress: Progress) -> Progress:
        """Train from a moment on, to the end or until a rank wants to stop.

        Returns:
            How far it came; everything is saved.

        Raises:
            DeviceError: the device failed.
            DivergenceError: a loss became NaN or infinite.
            OutputError: something cannot be written.
            FommError: the data cannot be read.
        """
        stopped = False
        while progress.epoch < self.epochs and not stopped:
            progress, stopped = self._run_epoch(progress)
        return progress

    def _run_epoch(self, progress: Progress) -> tuple[Progress, bool]:
        """Run the rest of an epoch; the progress made, and whether a rank wants to stop."""
        epoch, wanted = progress.epoch, False
        try:
            for batch in self.loader.epoch(epoch, progress.batch):
                with raise_device_errors():
                    report = self.step.run(batch, epoch, progress.step, self.stop.wanted)
                progress = replace(progress, step=progress.step + 1)
                self.bar.advance(progress, report.losses)
                if self.recorder is not None:
                    self.recorder.after_step(progress, report.losses, batch)
                wanted = report.stop
                if wanted:
                    break
            final = self._final_parameters(progress, wanted)
            if self.recorder is not None:
                self._record_end(self.recorder, progress, epoch, wanted, final)
        except (DeviceError, DivergenceError, OutputError) as error:
            raise self._with_way_back(error) from error
        return progress, wanted

    def _final_parameters(self, progress: Progress, wanted: bool) -> Parameters | None:
        """Estimate the running statistics anew where the run ends here; every rank does.

        Everything is saved before, in case that there is no time left for it.
        """
        count = self.statistics_batches
        if not count or not (wanted or progress.epoch == self.epochs):
            return None
        if self.recorder is not None:
            self.recorder.save_checkpoint(progress)
        batches = islice(self._batches_from(progress), count)
        shown = self.bar.follow(batches, count, "batch statistics")
        passes = (partial(self.step.observe, batch) for batch in shown)
        exported = self.step.exported_parameters()
        with raise_device_errors():
            return reestimate_statistics(self.step.operations, exported, passes)

    def _batches_from(self, progress: Progress) -> Iterator[Batch]:
        """The batches that would come next, without end."""
        epoch, start = progress.epoch, progress.batch
        while True:
            yield from self.loader.epoch(epoch, start)
            epoch, start = epoch + 1, 0

    def _record_end(
        self,
        recorder: Recorder,
        progress: Progress,
        epoch: int,
        wanted: bool,
        final: Parameters | None,
    ) -> None:
        """Save at the end of an epoch, of the training, or of what there was time for."""
        is_last = progress.epoch == self.epochs
        if progress.epoch > epoch:
            recorder.after_epoch(progress, epoch, is_last, final)
        if wanted and not is_last:
            recorder.after_stop(progress, final)

    def _with_way_back(self, error: DeviceError | DivergenceError | OutputError) -> FommError:
        """The error with the checkpoint to go on from, of which rank 0 alone knows."""
        if self.recorder is None:
            return error
        last = self.recorder.last_checkpoint
        saved = "no checkpoint was written yet" if last is None else f"last good checkpoint: {last}"
        message = f"{error}; {saved}"
        if isinstance(error, DivergenceError):
            return DivergenceError(message, error.step)
        if isinstance(error, DeviceError):
            return DeviceError(message)
        return TrainingError(f"{message}; after making room go on with --resume")
