"""The generator: encode the source, warp the features, decode the frame (Section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F

from fomm_core.config import GeneratorParams
from fomm_core.network.blocks import (
    Normalize,
    convolution,
    down_block,
    residual_block,
    same_block,
    up_block,
)
from fomm_core.network.warping import resize, resize_grid, warp


@dataclass(frozen=True, eq=False)
class Decoded:
    """What the decoder makes of one motion, as graph variables.

    Attributes:
        prediction: (B, C, H, W) in [0, 1].
        deformed: (B, C, H, W) in [0, 1], the source warped by the deformation alone.
    """

    prediction: nn.Variable
    deformed: nn.Variable


def encode(source: nn.Variable, params: GeneratorParams, normalize: Normalize) -> nn.Variable:
    """Encode sources (B, C, H, W) in [0, 1] into features, down-scaled by the down blocks."""
    with nn.parameter_scope("generator"):
        features = same_block(source, params.block_expansion, 7, normalize)
        for i in range(params.num_down_blocks):
            maps = min(params.max_features, params.block_expansion * 2 ** (i + 1))
            with nn.parameter_scope(f"downblock_{i}"):
                features = down_block(features, maps, normalize)
    return features


def decode(
    source: nn.Variable,
    features: nn.Variable,
    deformation: nn.Variable,
    occlusion_map: nn.Variable | None,
    motion_features: nn.Variable | None,
    params: GeneratorParams,
    normalize: Normalize,
) -> Decoded:
    """Warp the encoded source and decode the frame.

    Args:
        source: (B, C, H, W) in [0, 1], what ``features`` were encoded from.
        deformation: (B, h, w, 2), where in the source each pixel comes from.
        occlusion_map: (B, 1, h, w) in [0, 1]; the warped features are multiplied by it.
        motion_features: (B, F, h, w) of dense motion; a linear map of them is then added.
    """
    size, small = source.shape[2:], features.shape[2:]
    aligned = params.align_corners
    deformed = warp(source, resize_grid(deformation, size, align_corners=aligned))
    hidden = warp(features, resize_grid(deformation, small, align_corners=aligned))
    if occlusion_map is not None:
        hidden = hidden * resize(occlusion_map, small, align_corners=aligned)
    if motion_features is not None:
        with nn.parameter_scope("generator/motion_features"):
            told = resize(motion_features, small, align_corners=aligned)
            hidden = hidden + convolution(told, hidden.shape[1], 1, 0)
    with nn.parameter_scope("generator"):
        prediction = _decode_features(hidden, source.shape[1], params, normalize)
    if params.skip and occlusion_map is not None:
        visible = resize(occlusion_map, size, align_corners=aligned)
        prediction = visible * deformed + (1 - visible) * prediction
    return Decoded(prediction, deformed)


def _decode_features(
    hidden: nn.Variable, channels: int, params: GeneratorParams, normalize: Normalize
) -> nn.Variable:
    """Residual blocks, up blocks, 7x7 convolution, sigmoid."""
    for i in range(params.num_bottleneck_blocks):
        with nn.parameter_scope(f"residual_block_{i}"):
            hidden = residual_block(hidden, normalize)
    for i in range(params.num_down_blocks):
        exponent = params.num_down_blocks - 1 - i
        maps = min(params.max_features, params.block_expansion * 2**exponent)
        with nn.parameter_scope(f"upblock_{i}"):
            hidden = up_block(hidden, maps, normalize)
    with nn.parameter_scope("final_conv"):
        return F.sigmoid(convolution(hidden, channels, 7, 3))
