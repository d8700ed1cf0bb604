"""Sections about the data: where pairs come from and how they are augmented."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt, model_validator
from typing_extensions import Self

from fomm_core.config import DatasetParams as InferenceDatasetParams
from fomm_core.config.section import Positive, Probability, Section, Weight, yaml_float


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


class ResizeParams(Section):
    """Random change of the size of a training pair, both frames alike.

    Attributes:
        ratio: (lowest, highest) factor, of which one is drawn evenly.
        interpolation: between pixels.
    """

    ratio: Annotated[tuple[Positive, Positive], Field(strict=False)] = (3 / 4, 4 / 3)
    interpolation: Literal["nearest", "bilinear"] = "nearest"

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.ratio[0] > self.ratio[1]:
            raise ValueError(f"ratio: expected a rising pair, found {list(self.ratio)}")
        return self


def _as_pair(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else value


class CropParams(Section):
    """Random part of a training pair, the same of both frames.

    Attributes:
        size: (height, width) of the part in pixels, or one number for both. Smaller frames are
            padded by their edges.
    """

    size: Annotated[tuple[PositiveInt, PositiveInt], BeforeValidator(_as_pair), Field(strict=False)]


class AppearanceParams(Section):
    """Changes of the detector's own frames, which leave their keypoints where they are.

    Attributes:
        jitter_param: colours.
        gamma: the logarithm of the exponent lies in +- this.
        light: strength of a smooth change of brightness over the frame.
        background: probability of another background.
        focus: strength of blur or sharpening, 0 to 1.
        coarse: probability of a frame as coarse as one of half the size.
        occlusion: probability, twice, that something is in front.
        noise: greatest standard deviation of noise.
    """

    jitter_param: JitterParams = JitterParams()
    gamma: Weight = 0.0
    light: Weight = 0.0
    background: Probability = 0.0
    focus: Probability = 0.0
    coarse: Probability = 0.0
    occlusion: Probability = 0.0
    noise: Weight = 0.0


class AugmentationParams(Section):
    """Augmentation of the training pairs, in the order of the original implementation.

    Attributes:
        flip_param: random flips.
        resize_param: random change of size, which needs ``crop_param`` to end at one size.
        crop_param: random part, of the size of the networks' frames.
        jitter_param: random changes of colours.
        appearance_param: random changes of the frames from which the detector alone learns
            true keypoints (``transformed_keypoints``); not of the pair.
    """

    flip_param: FlipParams | None = None
    resize_param: ResizeParams | None = None
    crop_param: CropParams | None = None
    jitter_param: JitterParams | None = None
    appearance_param: AppearanceParams = AppearanceParams()

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.resize_param is not None and self.crop_param is None:
            raise ValueError(
                "resize_param: expected crop_param with it, which brings all frames to one size, "
                "found none"
            )
        return self


class SyntheticParams(Section):
    """People made by code: how many there are, and what they do.

    Attributes:
        identities: number of different people.
        group: people that share their motions, so that pairs across them have a true answer.
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


class AvatarParams(SyntheticParams):
    """Avatars drawn by code, in memory instead of read from ``root_dir``."""


class HeadParams(SyntheticParams):
    """People rendered from a model of heads, in memory instead of read from ``root_dir``.

    Attributes:
        supersampling: frames are rendered so many times as large, and averaged.
    """

    supersampling: Literal[1, 2] = 1


class DatasetParams(InferenceDatasetParams):
    """Source of the training pairs.

    Attributes:
        avatars: draw avatars in memory instead; ``root_dir`` is then not read.
        heads: render people in memory instead, of the head model in the cache folder.
        pairs_list: CSV of source and driving videos of the original implementation.
        augmentation_params: random changes of the pairs.
    """

    pairs_list: str | None = None
    avatars: AvatarParams | None = None
    heads: HeadParams | None = None
    augmentation_params: AugmentationParams = AugmentationParams()

    @model_validator(mode="after")
    def _one_kind_of_people(self) -> Self:
        if self.avatars is not None and self.heads is not None:
            raise ValueError("heads: expected none beside avatars, found both")
        return self

    @model_validator(mode="after")
    def _crops_fit(self) -> Self:
        crop, size = self.augmentation_params.crop_param, self.frame_shape[:2]
        if crop is not None and (self.avatars is not None or self.heads is not None):
            kind = "heads" if self.avatars is None else "avatars"
            raise ValueError(
                f"augmentation_params.crop_param: expected none with {kind}, whose true keypoints "
                "are those of whole frames"
            )
        if crop is not None and crop.size != size:
            raise ValueError(
                f"augmentation_params.crop_param.size: expected {list(size)} (frame_shape), "
                f"found {list(crop.size)}"
            )
        return self
