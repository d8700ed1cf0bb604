"""The configuration of a training: that of the networks, and all that fomm-core leaves unread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fomm_core.config import Config
from fomm_core.config.section import parse_section
from fomm_core.errors import ConfigError
from fomm_core.utils.yaml import read_yaml
from fomm_train.config.data import (
    AppearanceParams,
    AugmentationParams,
    AvatarParams,
    CropParams,
    DatasetParams,
    FlipParams,
    HeadParams,
    JitterParams,
    ResizeParams,
    SyntheticParams,
)
from fomm_train.config.networks import DiscriminatorParams, ModelParams
from fomm_train.config.training import (
    LossWeights,
    MonitorParams,
    RegionShares,
    TrainParams,
    TransformParams,
)

__all__ = [
    "AppearanceParams",
    "AugmentationParams",
    "AvatarParams",
    "CropParams",
    "DatasetParams",
    "DiscriminatorParams",
    "FlipParams",
    "HeadParams",
    "JitterParams",
    "LossWeights",
    "ModelParams",
    "MonitorParams",
    "RegionShares",
    "ResizeParams",
    "SyntheticParams",
    "TrainConfig",
    "TrainParams",
    "TransformParams",
    "load_train_config",
    "parse_train_config",
]


class TrainConfig(Config):
    """A whole configuration; fomm-core reads the same files as its :class:`Config`.

    Attributes:
        dataset_params: where the training pairs come from.
        model_params: the networks, with the discriminator.
        train_params: losses and schedule.
        monitor_params: where and how often to log.
    """

    dataset_params: DatasetParams = DatasetParams()
    model_params: ModelParams
    train_params: TrainParams = TrainParams()
    monitor_params: MonitorParams = MonitorParams()


def load_train_config(path: str | Path) -> TrainConfig:
    """Load and check a YAML configuration of a training.

    Raises:
        ConfigError: the file is missing, is not YAML, or cannot work; the message names the
            first bad key.
    """
    return parse_train_config(read_yaml(Path(path), ConfigError), str(path))


def parse_train_config(data: Any, name: str = "configuration") -> TrainConfig:
    """Check a configuration given as plain data (what a YAML file holds).

    Args:
        data: a mapping of sections.
        name: how to call it in error messages.

    Raises:
        ConfigError: the configuration cannot work; the message names the first bad key.
    """
    return parse_section(TrainConfig, data, name)
