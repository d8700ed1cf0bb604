"""The checkpoints of a training: the newest are kept, and a damaged one gives way."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fomm_core.errors import ParameterError
from fomm_core.utils.files import partial_files
from fomm_train.backend.precision import Arithmetic
from fomm_train.checkpoint.file import load_arithmetic, load_state, save_state
from fomm_train.checkpoint.state import TrainingState
from fomm_train.errors import TrainingError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckpointFolder:
    """The checkpoints of one training, named by their steps.

    Attributes:
        folder: where they are.
        keep: how many of the newest are kept.
    """

    folder: Path
    keep: int = 2

    def paths(self) -> list[Path]:
        """The complete checkpoints, newest first."""
        return sorted(self.folder.glob("checkpoint_*.npz"), reverse=True)

    def save(self, state: TrainingState) -> Path:
        """Write a checkpoint, then remove the oldest ones that are too many.

        Raises:
            OutputError: it cannot be written; the earlier ones are untouched.
        """
        path = self._path(state.progress.step)
        save_state(path, state)
        for old in self.paths()[self.keep :]:
            old.unlink(missing_ok=True)
        return path

    def newest(self) -> TrainingState:
        """Read the newest checkpoint that is whole.

        Raises:
            TrainingError: there is none.
        """
        for path in self.paths():
            try:
                return load_state(path)
            except ParameterError as error:
                logger.warning("%s; trying the one before", error)
        raise TrainingError(
            f"{self.folder}: expected a checkpoint to resume from, found no readable one"
        )

    def newest_arithmetic(self) -> Arithmetic | None:
        """The arithmetic of the newest readable checkpoint, if there is one."""
        for path in self.paths():
            with suppress(ParameterError):
                return load_arithmetic(path)
        return None

    def clear_after(self, step: int) -> None:
        """Remove what is of no use to a training that goes on from this step.

        These are interrupted writes, and damaged checkpoints of later steps, which would be
        kept as the newest in the place of good ones.
        """
        later = (path for path in self.paths() if path.name > self._path(step).name)
        for path in (*partial_files(self.folder), *later):
            path.unlink(missing_ok=True)

    def _path(self, step: int) -> Path:
        return self.folder / f"checkpoint_{step:09d}.npz"
