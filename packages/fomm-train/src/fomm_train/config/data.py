"""Sections about the data: where pairs come from and how they are augmented."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt

from fomm_core.config import DatasetParams as InferenceDatasetParams
from fomm_core.config.section import Probability, Section, Weight, yaml_float


class FlipParams(Section):
    """Random flips of a training pair, both frames alike."""

    horizontal_flip: bool = False
    time_flip: bool = False


class JitterParams(Section):
    """Strength of the random colour changes; 0 leaves that property alone."""

    brightness: Weight = 0.0
    contrast: Weight = 0.0
    saturation: Weight = 0.0
    hue: Annotated[float, BeforeValidator(yaml_float), Field(ge=0, le=0.5)] = 0.0


class AugmentationParams(Section):
    """Augmentation of the training pairs."""

    flip_param: FlipParams | None = None
    jitter_param: JitterParams | None = None


class AvatarParams(Section):
    """The procedural data set, drawn in memory instead of read from ``root_dir``.

    Attributes:
        identities: number of different avatars.
        group: avatars that share their motions, so that pairs across them have a true answer.
        motions: number of motions (videos) of each group.
        frames: length of each motion in frames.
        seed: what the set is drawn from; equal seeds give equal pixels.
        expressive: share of training pairs whose driving frame is drawn among those of its
            motion with shut eyes or an open mouth, which are rare otherwise.
    """

    identities: PositiveInt = 2500
    group: PositiveInt = 8
    motions: PositiveInt = 16
    frames: PositiveInt = 64
    seed: NonNegativeInt = 0
    expressive: Probability = 0.0


class DatasetParams(InferenceDatasetParams):
    """Source of the training pairs.

    Attributes:
        avatars: draw avatars in memory instead; ``root_dir`` is then not read.
        pairs_list: CSV of source and driving videos of the original implementation.
        augmentation_params: random changes of the pairs.
    """

    pairs_list: str | None = None
    avatars: AvatarParams | None = None
    augmentation_params: AugmentationParams = AugmentationParams()
