"""The keypoint detector: image -> K keypoints with local affine frames (Section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fomm_core.config import CommonParams, KeypointDetectorParams
from fomm_core.network.blocks import hourglass
from fomm_core.network.operations import Operations, Tensor
from fomm_core.network.warping import coordinate_grid, down_scale


@dataclass(frozen=True, eq=False)
class KeypointVariables:
    """Keypoints of a batch, as tensors.

    Attributes:
        value: (B, K, 2), x first, in [-1, 1].
        jacobian: (B, K, 2, 2), or ``None`` where the model estimates none.
    """

    value: Tensor
    jacobian: Tensor | None


def detect_keypoints(
    ops: Operations, image: Tensor, common: CommonParams, params: KeypointDetectorParams
) -> KeypointVariables:
    """Detect keypoints in images (B, C, H, W) with values in [0, 1]."""
    ops = ops.scope("kp_detector")
    features = hourglass(
        ops,
        down_scale(ops, image, params.stride),
        params.block_expansion,
        params.num_blocks,
        params.max_features,
    )
    logits = ops.scope("keypoint_detector").convolution(features, common.num_kp, 7, params.pad)
    heatmap = _spatial_softmax(ops, logits, params.temperature)
    value = _expected_position(ops, heatmap)
    if not common.estimate_jacobian:
        return KeypointVariables(value, None)
    num_maps = 1 if params.single_jacobian_map else common.num_kp
    maps = _jacobian_maps(ops, features, num_maps, params.pad)
    return KeypointVariables(value, _expected_jacobian(ops, heatmap, maps))


def _spatial_softmax(ops: Operations, logits: Tensor, temperature: float) -> Tensor:
    """Softmax over all pixels of each map; (B, K, h, w), each map sums to 1."""
    batch, num_kp, height, width = logits.shape
    flat = ops.reshape(logits, (batch, num_kp, height * width)) / temperature
    return ops.reshape(ops.softmax(flat, axis=2), logits.shape)


def _expected_position(ops: Operations, heatmap: Tensor) -> Tensor:
    """Soft-argmax: the mean position under each heat map; (B, K, h, w) -> (B, K, 2)."""
    grid = ops.constant_of(coordinate_grid, *heatmap.shape[2:], 2)
    weights = ops.reshape(heatmap, (*heatmap.shape, 1))
    return ops.sum(weights * grid, axis=(2, 3))


def _jacobian_maps(ops: Operations, features: Tensor, num_maps: int, pad: int) -> Tensor:
    """Four maps per keypoint (or one set for all), starting at the identity matrix."""
    identity = np.tile(np.array([1, 0, 0, 1], dtype=np.float32), num_maps)
    estimator = ops.scope("jacobian_estimator")
    maps = estimator.convolution(features, 4 * num_maps, 7, pad, initial_bias=identity)
    batch, _, height, width = maps.shape
    return ops.reshape(maps, (batch, num_maps, 4, height, width))


def _expected_jacobian(ops: Operations, heatmap: Tensor, maps: Tensor) -> Tensor:
    """The mean matrix under each heat map; (B, K, h, w), (B, K or 1, 4, h, w) -> (B, K, 2, 2)."""
    batch, num_kp, height, width = heatmap.shape
    weights = ops.reshape(heatmap, (batch, num_kp, 1, height, width))
    return ops.reshape(ops.sum(weights * maps, axis=(3, 4)), (batch, num_kp, 2, 2))
