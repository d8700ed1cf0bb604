"""The generator: encode the source, warp the features, decode the frame (Section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from fomm_core.config import GeneratorParams
from fomm_core.network.blocks import down_block, residual_block, same_block, up_block
from fomm_core.network.operations import Operations, Tensor
from fomm_core.network.warping import resize, resize_grid, warp


@dataclass(frozen=True, eq=False)
class Decoded:
    """The decoder's frame of one motion, as tensors.

    Attributes:
        prediction: (B, C, H, W) in [0, 1].
        deformed: (B, C, H, W) in [0, 1], the source warped by the deformation alone.
    """

    prediction: Tensor
    deformed: Tensor


def encode(ops: Operations, source: Tensor, params: GeneratorParams) -> Tensor:
    """Encode sources (B, C, H, W) in [0, 1] into features, down-scaled by the down blocks."""
    ops = ops.scope("generator")
    features = same_block(ops, source, params.block_expansion, 7)
    for i in range(params.num_down_blocks):
        maps = min(params.max_features, params.block_expansion * 2 ** (i + 1))
        features = down_block(ops.scope(f"downblock_{i}"), features, maps)
    return features


def decode(
    ops: Operations,
    source: Tensor,
    features: Tensor,
    deformation: Tensor,
    occlusion_map: Tensor | None,
    motion_features: Tensor | None,
    params: GeneratorParams,
) -> Decoded:
    """Warp the encoded source and decode the frame.

    Args:
        ops: what computes.
        source: (B, C, H, W) in [0, 1], what ``features`` were encoded from.
        features: (B, F, H / 2**D, W / 2**D) for D down blocks.
        deformation: (B, h, w, 2), where in the source each pixel comes from.
        occlusion_map: (B, 1, h, w) in [0, 1]; the warped features are multiplied by it.
        motion_features: (B, F', h, w) of dense motion; a linear map of them is then added.
        params: sizes and options.
    """
    ops = ops.scope("generator")
    size, small = _size_of(source), _size_of(features)
    aligned = params.align_corners
    deformed = warp(ops, source, resize_grid(ops, deformation, size, align_corners=aligned))
    hidden = warp(ops, features, resize_grid(ops, deformation, small, align_corners=aligned))
    if occlusion_map is not None:
        hidden = hidden * resize(ops, occlusion_map, small, align_corners=aligned)
    if motion_features is not None:
        resized_features = resize(ops, motion_features, small, align_corners=aligned)
        linear = ops.scope("motion_features")
        hidden = hidden + linear.convolution(resized_features, hidden.shape[1], 1)
    prediction = _decode_features(ops, hidden, source.shape[1], params)
    if params.skip and occlusion_map is not None:
        visible = resize(ops, occlusion_map, size, align_corners=aligned)
        prediction = visible * deformed + (1 - visible) * prediction
    return Decoded(prediction, deformed)


def _decode_features(
    ops: Operations, hidden: Tensor, channels: int, params: GeneratorParams
) -> Tensor:
    """Residual blocks, up blocks, 7x7 convolution, sigmoid."""
    for i in range(params.num_bottleneck_blocks):
        hidden = residual_block(ops.scope(f"residual_block_{i}"), hidden)
    for i in range(params.num_down_blocks):
        exponent = params.num_down_blocks - 1 - i
        maps = min(params.max_features, params.block_expansion * 2**exponent)
        hidden = up_block(ops.scope(f"upblock_{i}"), hidden, maps)
    return ops.sigmoid(ops.scope("final_conv").convolution(hidden, channels, 7, 3))


def _size_of(maps: Tensor) -> tuple[int, int]:
    """Height and width of (B, C, H, W)."""
    _, _, height, width = maps.shape
    return height, width
