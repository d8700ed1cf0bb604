"""The configuration: one typed, frozen record for the networks and for drawing.

The file layout is the one of the published models (``vox-256.yaml`` and its kin), so that a
``training_info.yaml`` written by a training run, or by an earlier implementation, loads as it
is. What it says of training is carried unread: fomm-train's ``TrainConfig`` extends
:class:`Config` by it. A configuration that cannot work fails here, naming the key, what was
expected and what was found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, PositiveInt, model_validator
from typing_extensions import Self

from fomm_core.config.data import DatasetParams
from fomm_core.config.networks import (
    CommonParams,
    DenseMotionParams,
    GeneratorParams,
    HourglassParams,
    KeypointDetectorParams,
    ModelParams,
)
from fomm_core.config.section import Section, UnknownKeys, Unread, explain, parse_section
from fomm_core.errors import ConfigError
from fomm_core.utils.yaml import read_yaml

__all__ = [
    "CommonParams",
    "Config",
    "DatasetParams",
    "DenseMotionParams",
    "GeneratorParams",
    "HourglassParams",
    "KeypointDetectorParams",
    "ModelParams",
    "Section",
    "UnknownKeys",
    "VisualizerParams",
    "dump_config",
    "explain",
    "load_config",
    "parse_config",
]

_SMALLEST_HEAD = 8
"""Input of a 7x7 convolution without padding that leaves 2x2."""


class VisualizerParams(Section):
    """Drawing of keypoints and sheets.

    Attributes:
        kp_size: radius of a keypoint in pixels of a 256x256 frame.
        draw_border: thin lines between the panels of a sheet.
        colormap: a matplotlib colour map, one colour a keypoint.
    """

    kp_size: PositiveInt = 5
    draw_border: bool = True
    colormap: str = "gist_rainbow"


class Config(Section):
    """A configuration, as far as the networks go.

    Attributes:
        dataset_params: frame shape, and where a data set lies.
        model_params: the networks.
        train_params, monitor_params: read by training alone.
        visualizer_params: drawing of keypoints and sheets.
        reconstruction_params, animate_params: sections of the original PyTorch
            implementation, accepted and not used.
        log_dir, saved_parameters: written into ``training_info.yaml`` by a training run;
            ``saved_parameters`` is the parameter file to use where none is named.
    """

    dataset_params: DatasetParams = DatasetParams()
    model_params: ModelParams
    train_params: Unread = Field(default_factory=dict)
    visualizer_params: VisualizerParams = VisualizerParams()
    monitor_params: Unread = Field(default_factory=dict)
    reconstruction_params: dict[str, Any] | None = None
    animate_params: dict[str, Any] | None = None
    log_dir: str | None = None
    saved_parameters: str | None = None

    @property
    def frame_size(self) -> tuple[int, int]:
        """(height, width) of the frames in pixels."""
        height, width, _ = self.dataset_params.frame_shape
        return height, width

    @model_validator(mode="after")
    def _shapes_fit(self) -> Self:
        channels = self.dataset_params.frame_shape[2]
        expected = self.model_params.common_params.num_channels
        if channels != expected:
            raise ValueError(
                f"dataset_params.frame_shape: expected {expected} channels "
                f"(model_params.common_params.num_channels), found {channels}"
            )
        for key, multiple in self._required_multiples():
            for name, side in zip(("height", "width"), self.frame_size, strict=True):
                if side % multiple:
                    raise ValueError(
                        f"dataset_params.frame_shape: expected a {name} divisible by "
                        f"{multiple} ({key}), found {side}"
                    )
        self._require_heat_map()
        return self

    def _require_heat_map(self) -> None:
        """The 7x7 heads must leave heat maps of at least 2x2, or there are no coordinates."""
        detector = self.model_params.kp_detector_params
        smallest = detector.stride * (_SMALLEST_HEAD - 2 * detector.pad)
        for name, side in zip(("height", "width"), self.frame_size, strict=True):
            if side < smallest:
                raise ValueError(
                    f"dataset_params.frame_shape: expected a {name} of at least {smallest} "
                    "(model_params.kp_detector_params: scale_factor and pad), "
                    f"found {side}"
                )

    def _required_multiples(self) -> list[tuple[str, int]]:
        """Divisor of the frame's sides, with the key that demands it."""
        detector = self.model_params.kp_detector_params
        generator = self.model_params.generator_params
        motion = generator.dense_motion_params
        return [
            (
                "model_params.kp_detector_params: num_blocks and scale_factor",
                detector.stride * 2**detector.num_blocks,
            ),
            (
                "model_params.generator_params.dense_motion_params: num_blocks and scale_factor",
                motion.stride * 2**motion.num_blocks,
            ),
            ("model_params.generator_params.num_down_blocks", 2**generator.num_down_blocks),
        ]


def load_config(path: str | Path, unknown: UnknownKeys = "refuse") -> Config:
    """Load and check a YAML configuration.

    Args:
        path: the file.
        unknown: what to do with keys that are not known here.

    Raises:
        ConfigError: the file is missing, is not YAML, or cannot work.
    """
    path = Path(path)
    return parse_config(read_yaml(path, ConfigError), str(path), unknown)


def parse_config(data: Any, name: str = "configuration", unknown: UnknownKeys = "refuse") -> Config:
    """Check a configuration given as plain data (what a YAML file holds).

    Args:
        data: a mapping of sections.
        name: how to call it in error messages.
        unknown: what to do with keys that are not known here; ``"ignore"`` warns of each.

    Raises:
        ConfigError: the configuration cannot work; the message names the first bad key.
    """
    return parse_section(Config, data, name, unknown)


def dump_config(config: Config) -> str:
    """Write a configuration, or one that extends it, as YAML text.

    Reading it gives an equal one, and what was carried unread is as it was.
    """
    return yaml.safe_dump(config.model_dump(), sort_keys=False)
