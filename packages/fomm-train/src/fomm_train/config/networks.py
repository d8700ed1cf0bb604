"""Sections about the networks that only training has: the discriminator."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from fomm_core.config import ModelParams as InferenceModelParams
from fomm_core.config.section import Blocks, Positive, ScaleFactor, Section


class DiscriminatorParams(Section):
    """The discriminator of stage two.

    Attributes:
        scales: pyramid scales, one discriminator each.
        block_expansion, max_features, num_blocks: channels and blocks.
        sn: spectral normalisation of every convolution.
        use_kp: concatenate the keypoints' heat maps to the input.
        kp_variance: variance of those heat maps.
    """

    scales: list[ScaleFactor] = Field(default=[1.0])
    block_expansion: PositiveInt = 64
    max_features: PositiveInt = 512
    num_blocks: Blocks = 4
    sn: bool = False
    use_kp: bool = False
    kp_variance: Positive = 0.01


class ModelParams(InferenceModelParams):
    """All networks."""

    discriminator_params: DiscriminatorParams | None = None
