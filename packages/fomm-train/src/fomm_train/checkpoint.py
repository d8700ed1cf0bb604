"""Complete checkpoints: everything that an exact continuation of a training needs.

Random draws derive from the numbers of the samples, and the order of the data from the epoch:
both are determined by the number of steps done, so no state of a generator is kept.
"""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.errors import ParameterError
from fomm_core.model.parameters import Parameters
from fomm_core.utils.files import atomic_path
from fomm_train.backend.precision import Arithmetic, LossScale
from fomm_train.backend.solvers import Moments, Network, SolverState
from fomm_train.errors import TrainingError
from fomm_train.graph.averaging import Averages

FORMAT = 1

_META = "meta"
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Progress of a training.

    Attributes:
        step: steps done since epoch 0; the next step has this number, counted from 0.
        steps_per_epoch: steps of one epoch.
        global_batch: samples of one step, all ranks together.
    """

    step: int
    steps_per_epoch: int
    global_batch: int

    @property
    def epoch(self) -> int:
        """The epoch of the next step, counted from 0."""
        return self.step // self.steps_per_epoch

    @property
    def batch(self) -> int:
        """The place of the next step in its epoch, counted from 0."""
        return self.step % self.steps_per_epoch


@dataclass(frozen=True)
class PendingMean:
    """The values of a series since its last line in the log.

    Attributes:
        total: their sum.
        count: their number.
    """

    total: float = 0.0
    count: int = 0

    @property
    def mean(self) -> float:
        """Their mean."""
        return self.total / self.count

    def plus(self, value: float) -> PendingMean:
        """With one more value."""
        return PendingMean(self.total + value, self.count + 1)


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A moment of a training, between two steps.

    Attributes:
        progress: how far it is.
        parameters: of all networks, running statistics included.
        solvers: the solvers' states; a network that is not trained has none.
        series: what the logs have not yet written.
        loss_scale: loss scaling of mixed precision.
        arithmetic: precision and layout of the computations.
        averages: of the parameters over the steps, where they are wanted.
    """

    progress: Progress
    parameters: Parameters
    solvers: Mapping[Network, SolverState]
    series: Mapping[str, PendingMean] = field(default_factory=dict)
    loss_scale: LossScale = field(default_factory=LossScale)
    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    averages: Averages | None = None

    def non_finite(self) -> str | None:
        """The name of a parameter that holds NaN or infinite values, if there is one."""
        for name, value in self.parameters.items():
            if not np.isfinite(value).all():
                return name
        return None


def save_state(path: Path, state: TrainingState) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    steps: dict[str, dict[str, int]] = {network.value: {} for network in state.solvers}
    arrays: dict[str, Any] = {f"parameters/{k}": v for k, v in state.parameters.items()}
    for network, moments in state.solvers.items():
        for name, one in moments.items():
            arrays[f"solvers/{network.value}/mean/{name}"] = one.mean
            arrays[f"solvers/{network.value}/variance/{name}"] = one.variance
            steps[network.value][name] = one.steps
    averages = state.averages
    if averages is not None:
        arrays.update({f"averages/{name}": value for name, value in averages.values.items()})
    meta = {
        "format": FORMAT,
        "progress": asdict(state.progress),
        "solver_steps": steps,
        "series": {name: asdict(mean) for name, mean in state.series.items()},
        "loss_scale": asdict(state.loss_scale),
        "arithmetic": asdict(state.arithmetic),
        "averaged_updates": None if averages is None else averages.updates,
    }
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(file, **{_META: np.array(json.dumps(meta))}, **arrays)


def load_state(path: Path) -> TrainingState:
    """Read a checkpoint.

    Raises:
        ParameterError: it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(str(file[_META]))
            arrays = {name: file[name] for name in file.files if name != _META}
        return _parse(meta, arrays)
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def load_arithmetic(path: Path) -> Arithmetic:
    """Read nothing but the arithmetic of a checkpoint.

    Raises:
        ParameterError: it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Arithmetic(**json.loads(str(file[_META])).get("arithmetic", {}))
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ParameterError:
    reason = " ".join(str(error).split())
    return ParameterError(f"{path}: expected a checkpoint, found a damaged one: {reason}")


def _parse(meta: Any, arrays: dict[str, Any]) -> TrainingState:
    if meta["format"] != FORMAT:
        raise ValueError(f"format {meta['format']}, this version reads {FORMAT}")
    solvers: dict[Network, SolverState] = {}
    for network, steps in meta["solver_steps"].items():
        solvers[Network(network)] = {
            name: Moments(
                arrays[f"solvers/{network}/mean/{name}"],
                arrays[f"solvers/{network}/variance/{name}"],
                int(count),
            )
            for name, count in steps.items()
        }
    updates = meta.get("averaged_updates")
    averages = _named(arrays, "averages/")
    return TrainingState(
        progress=Progress(**meta["progress"]),
        parameters=_named(arrays, "parameters/"),
        solvers=solvers,
        series={name: PendingMean(**mean) for name, mean in meta["series"].items()},
        loss_scale=LossScale(**meta["loss_scale"]),
        arithmetic=Arithmetic(**meta.get("arithmetic", {})),
        averages=None if updates is None else Averages(averages, int(updates)),
    )


def _named(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The arrays whose names begin so, without that beginning."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


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
        partial = self.folder.glob(".checkpoint_*.part.npz")
        later = (path for path in self.paths() if path.name > self._path(step).name)
        for path in (*partial, *later):
            path.unlink(missing_ok=True)

    def _path(self, step: int) -> Path:
        return self.folder / f"checkpoint_{step:09d}.npz"
