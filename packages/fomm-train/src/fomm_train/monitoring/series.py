"""Series of values as text files, in the format of NNabla's monitors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fomm_core.distributed.communicator import DoubleArray
from fomm_core.errors import OutputError
from fomm_core.utils.files import atomic_path
from fomm_train.checkpoint import PendingMean
from fomm_train.graph.step import Loss
from fomm_train.monitoring.log_directory import LogDirectory


class LossMonitor:
    """Logs the mean of each loss over every ``interval`` steps.

    A file has a line ``iteration mean`` for each interval; iterations count from 0, as
    NNabla's do. An interrupted interval is part of the checkpoint.

    Args:
        directory: where the files are.
        interval: steps between two lines.
        pending: what the interrupted training had not yet written.
    """

    def __init__(
        self, directory: LogDirectory, interval: int, pending: dict[str, PendingMean] | None = None
    ) -> None:
        self._directory = directory
        self._interval = interval
        self._pending = dict(pending or {})

    @property
    def pending(self) -> dict[str, PendingMean]:
        """Return what has not been written yet."""
        return dict(self._pending)

    def add(self, step: int, losses: Iterable[Loss]) -> None:
        """Take the losses of the step with this number (from 0).

        Raises:
            OutputError: the files cannot be written.
        """
        for loss in losses:
            mean = self._pending.get(loss.name, PendingMean())
            self._pending[loss.name] = mean.plus(loss.value)
        if (step + 1) % self._interval == 0:
            self.flush(step)

    def flush(self, step: int) -> None:
        """Write what is pending as of a step.

        Raises:
            OutputError: the files cannot be written.
        """
        for name, mean in self._pending.items():
            _append(self._directory.series(name), f"{step} {mean.mean:.9g}\n")
        self._pending = {}


def series_files(directory: LogDirectory) -> dict[str, Path]:
    """The files of all series by name."""
    ending = ".series.txt"
    found = sorted(directory.path.glob(f"*{ending}"))
    return {path.name.removesuffix(ending): path for path in found}


def read_series(path: Path) -> DoubleArray:
    """Read a series; (N, 2), iteration and value. A torn last line is left out."""
    rows = [_parse(line) for line in path.read_text(encoding="ascii", errors="replace").split("\n")]
    return np.array([row for row in rows if row is not None], dtype=np.float64).reshape(-1, 2)


def cut_series(directory: LogDirectory, step: int) -> None:
    """Drop what was logged at and after a step (from 0), which is going to be done again.

    Raises:
        OutputError: a file cannot be written.
    """
    for path in series_files(directory).values():
        lines = path.read_text(encoding="ascii", errors="replace").splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and _is_before(line, step)]
        with atomic_path(path) as partial:
            partial.write_text("".join(kept), encoding="ascii")


def _is_before(line: str, step: int) -> bool:
    row = _parse(line)
    return row is not None and row[0] < step


def _parse(line: str) -> tuple[float, float] | None:
    words = line.split()
    try:
        iteration, value = (float(word) for word in words)
    except ValueError:
        return None
    return iteration, value


def _append(path: Path, line: str) -> None:
    try:
        with path.open("a", encoding="ascii") as file:
            file.write(line)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OutputError(f"{path}: cannot be written: {reason}") from error
