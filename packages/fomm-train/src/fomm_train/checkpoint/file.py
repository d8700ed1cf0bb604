"""The file of a checkpoint: an .npz of the arrays, with JSON for the rest."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.errors import ParameterError
from fomm_core.utils.files import atomic_path
from fomm_train.backend.precision import Arithmetic, LossScale
from fomm_train.backend.solvers import Moments, Network, SolverState
from fomm_train.checkpoint.state import PendingMean, Progress, TrainingState
from fomm_train.graph.averaging import Averages

FORMAT = 1
"""Version of the file; others are refused."""

_META = "meta"
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


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
