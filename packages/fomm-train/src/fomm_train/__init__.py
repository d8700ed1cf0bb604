"""fomm-train: train the First Order Motion Model: data, losses, one or several processes.

    from fomm_train import load_train_config, resume, train

    result = train(load_train_config("my.yaml"), "runs/mine")
    if not result.is_complete:
        result = resume("runs/mine")

The names below are the public ones; they are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fomm_core.utils.lazy import import_name
from fomm_train._version import __version__

if TYPE_CHECKING:
    from fomm_train.config import TrainConfig, load_train_config
    from fomm_train.errors import DivergenceError, TrainingError
    from fomm_train.monitoring.recorder import CheckpointPolicy
    from fomm_train.run.train import TrainOptions, TrainResult, resume, train

_HOME = {
    "CheckpointPolicy": "monitoring.recorder",
    "DivergenceError": "errors",
    "TrainConfig": "config",
    "TrainOptions": "run.train",
    "TrainResult": "run.train",
    "TrainingError": "errors",
    "load_train_config": "config",
    "resume": "run.train",
    "train": "run.train",
}

__all__ = [
    "CheckpointPolicy",
    "DivergenceError",
    "TrainConfig",
    "TrainOptions",
    "TrainResult",
    "TrainingError",
    "__version__",
    "load_train_config",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    return import_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
