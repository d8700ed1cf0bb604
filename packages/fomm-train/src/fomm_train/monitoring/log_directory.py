"""The log directory of a training: which file is where, as in the reference's layout.

===================================== ====================================================
``training_info.yaml``                configuration, ``log_dir`` and ``saved_parameters``
``params_at_epoch_N.h5``              parameters after epoch N, counted from 0
``params_latest.h5``                  parameters of a training that was stopped within an epoch
``state_{network}_at_epoch_N.h5``     NNabla's own solver states
``{loss}.series.txt``                 lines of ``iteration value``, values averaged since the last
``images/NNNNNNNN.png``               source, driving and generated frames after that many steps
``loss_curves.png``                   all series drawn
``checkpoints/checkpoint_NNNNNNNNN.npz`` what ``--resume`` goes on from
===================================== ====================================================
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from fomm_core.config import dump_config
from fomm_core.errors import OutputError
from fomm_core.model.parameters import Parameters, save_parameters
from fomm_core.utils.files import atomic_path, partial_files
from fomm_train.backend.solvers import Network, Solver
from fomm_train.config import TrainConfig, load_train_config
from fomm_train.errors import TrainingError

TRAINING_INFO = "training_info.yaml"


@dataclass(frozen=True)
class LogDirectory:
    """The files of one training.

    Attributes:
        path: the directory.
    """

    path: Path

    @property
    def training_info(self) -> Path:
        """The configuration with what was trained so far."""
        return self.path / TRAINING_INFO

    @property
    def images(self) -> Path:
        """Folder of the image sheets."""
        return self.path / "images"

    @property
    def checkpoints(self) -> Path:
        """Folder of the complete checkpoints."""
        return self.path / "checkpoints"

    @property
    def curves(self) -> Path:
        """Picture of all loss curves."""
        return self.path / "loss_curves.png"

    def series(self, name: str) -> Path:
        """Log of one series of values."""
        return self.path / f"{name}.series.txt"

    def parameters_at(self, epoch: int) -> Path:
        """Parameters after an epoch, counted from 0."""
        return self.path / f"params_at_epoch_{epoch}.h5"

    @property
    def latest_parameters(self) -> Path:
        """Parameters of a training that was stopped within an epoch."""
        return self.path / "params_latest.h5"

    def state_at(self, network: Network, epoch: int) -> Path:
        """Solver state of a network after an epoch, counted from 0."""
        return self.path / f"state_{network.value}_at_epoch_{epoch}.h5"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            OutputError: they cannot be made.
        """
        try:
            for folder in (self.path, self.images, self.checkpoints):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be made: {error.strerror}") from error

    def clear_partial(self) -> None:
        """Remove what a training that was killed has left of parameters, states and pictures."""
        for path in (*partial_files(self.path), *partial_files(self.images)):
            path.unlink(missing_ok=True)

    def write_info(self, config: TrainConfig, parameters: Path | None = None) -> None:
        """Write the configuration with this directory and the newest parameters in it.

        Raises:
            OutputError: it cannot be written.
        """
        told = config.model_copy(
            update={
                "log_dir": str(self.path),
                "saved_parameters": None if parameters is None else str(parameters),
            }
        )
        with atomic_path(self.training_info) as partial:
            partial.write_text(dump_config(told), encoding="utf-8")

    def write_parameters(self, path: Path, config: TrainConfig, parameters: Parameters) -> None:
        """Write parameters, and name them in ``training_info.yaml``.

        Raises:
            OutputError: they cannot be written.
        """
        save_parameters(path, parameters)
        self.write_info(config, path)

    def write_states(self, solvers: dict[Network, Solver], epoch: int) -> None:
        """Write the solvers' states after an epoch.

        Raises:
            OutputError: they cannot be written.
        """
        for network, solver in solvers.items():
            solver.save(self.state_at(network, epoch))


def new_directory(root: Path, info: str = "", now: datetime.datetime | None = None) -> LogDirectory:
    """Name a directory by date and time, and by what the user says of the training.

    Args:
        root: folder of all trainings.
        info: a word or two; what a file name cannot hold becomes ``-``.
        now: the time, for tests.
    """
    date = (now or datetime.datetime.now()).strftime("%Y-%m-%d-%H%M%S")
    slug = re.sub(r"[^\w.-]+", "-", info).strip("-")
    return LogDirectory(root / (f"{date}-{slug}" if slug else date))


def open_directory(path: Path) -> tuple[LogDirectory, TrainConfig]:
    """Open the directory of an earlier training, and read its configuration.

    Raises:
        TrainingError: the path is not such a directory.
        ConfigError: its configuration is damaged.
    """
    directory = LogDirectory(path)
    if not directory.training_info.is_file():
        found = "none in that folder" if path.is_dir() else "no such folder"
        raise TrainingError(
            f"--resume {path}: expected a log directory with {TRAINING_INFO}, found {found}"
        )
    config = load_train_config(directory.training_info)
    return directory, config


def epoch_of_parameters(path: Path) -> int | None:
    """Number of the epoch (from 0) after which a parameter file was written, by its name."""
    match = re.fullmatch(r"params_at_epoch_(\d+)\.h5", path.name)
    return int(match[1]) if match else None
