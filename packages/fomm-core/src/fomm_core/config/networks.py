"""Sections about the networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator
from typing_extensions import Self

from fomm_core.config.section import Blocks, Positive, ScaleFactor, Section, Unread


class CommonParams(Section):
    """Parameters that keypoint detector and generator share.

    Attributes:
        num_kp: number of keypoints K.
        num_channels: colour channels of the frames, which are RGB.
        estimate_jacobian: also estimate the local affine transformations.
    """

    num_kp: PositiveInt = 10
    num_channels: Literal[3] = 3
    estimate_jacobian: bool = True


class HourglassParams(Section):
    """An hourglass on a down-scaled frame.

    Attributes:
        block_expansion: channels before the first block; block i has
            ``min(max_features, block_expansion * 2 ** (i + 1))``.
        max_features: upper bound of the channels.
        num_blocks: number of down (and of up) blocks.
        scale_factor: size of the hourglass's input relative to the frame, 1 / integer.
    """

    block_expansion: PositiveInt
    max_features: PositiveInt
    num_blocks: Blocks
    scale_factor: ScaleFactor = 0.25

    @field_validator("scale_factor")
    @classmethod
    def _inverse_is_integer(cls, value: float) -> float:
        if abs(1 / value - round(1 / value)) > 1e-6:
            raise ValueError(f"expected 1 / integer (1, 0.5, 0.25, ...), found {value}")
        return value

    @property
    def stride(self) -> int:
        """Frame pixels for one pixel of the hourglass's input."""
        return round(1 / self.scale_factor)


class KeypointDetectorParams(HourglassParams):
    """The keypoint detector (Section 3.1 of the paper).

    Attributes:
        temperature: divisor of the heat maps before the spatial softmax.
        single_jacobian_map: one set of four jacobian maps for all keypoints.
        pad: padding of the 7x7 heads; 0 as in all published models.
    """

    temperature: Positive = 0.1
    single_jacobian_map: bool = False
    pad: NonNegativeInt = 0


class DenseMotionParams(HourglassParams):
    """The dense motion network (Section 3.2 of the paper).

    Attributes:
        kp_variance: variance of the Gaussian heat maps, in squared grid units.
        jacobian_maps: also show the network how each keypoint's surroundings are deformed,
            not only where it moves; off in all published models.
    """

    kp_variance: Positive = 0.01
    jacobian_maps: bool = False


class GeneratorParams(Section):
    """The generator (Section 3.2 and supplementary of the paper).

    Attributes:
        block_expansion, max_features: channels, as in :class:`HourglassParams`.
        num_down_blocks: blocks that halve the source before it is warped.
        num_bottleneck_blocks: residual blocks after the warp.
        estimate_occlusion_map: multiply the warped features by an occlusion map.
        skip: ``prediction = occlusion * deformed + (1 - occlusion) * prediction``;
            off in all published models.
        motion_features: also give the decoder the dense motion network's features, from which
            it can tell what a deformation cannot: that eyes are shut or a mouth is open; off
            in all published models.
        align_corners: resize what the dense motion network gives (deformation, occlusion map,
            features) with aligned corners, as its coordinates mean it, so that what stands
            still stays where it is; off in all published models, whose half-pixel centres
            shift the deformed source by up to half a pixel of the dense motion's.
        dense_motion_params: the dense motion network inside the generator.
    """

    block_expansion: PositiveInt
    max_features: PositiveInt
    num_down_blocks: Annotated[int, Field(ge=0, le=10)] = 2
    num_bottleneck_blocks: NonNegativeInt = 6
    estimate_occlusion_map: bool = False
    skip: bool = False
    motion_features: bool = False
    align_corners: bool = False
    dense_motion_params: DenseMotionParams

    @model_validator(mode="after")
    def _skip_needs_occlusion(self) -> Self:
        if self.skip and not self.estimate_occlusion_map:
            raise ValueError("skip: expected estimate_occlusion_map true, found false")
        return self


class ModelParams(Section):
    """The networks.

    Attributes:
        discriminator_params: the discriminator, which only training has.
    """

    common_params: CommonParams = CommonParams()
    kp_detector_params: KeypointDetectorParams
    generator_params: GeneratorParams
    discriminator_params: Unread = None

    @model_validator(mode="after")
    def _maps_need_jacobians(self) -> Self:
        wanted = self.generator_params.dense_motion_params.jacobian_maps
        if wanted and not self.common_params.estimate_jacobian:
            raise ValueError(
                "generator_params.dense_motion_params.jacobian_maps: expected "
                "common_params.estimate_jacobian true, found false"
            )
        return self
