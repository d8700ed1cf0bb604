"""Dense motion: sparse keypoint motions combined into one deformation (Section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fomm_core.config import GeneratorParams
from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.blocks import hourglass
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.operations import Operations, Tensor
from fomm_core.network.warping import coordinate_grid, gaussian_heatmaps, warp


@dataclass(frozen=True, eq=False)
class DenseMotion:
    """The motion of every pixel, as tensors; h x w is the dense motion's size.

    Attributes:
        deformation: (B, h, w, 2), where in the source each pixel comes from.
        occlusion_map: (B, 1, h, w) in [0, 1], or ``None``.
        mask: (B, K + 1, h, w), sums to 1 over axis 1; plane 0 is the background.
        sparse_deformed: (B, K + 1, C, h, w), the source warped by each motion alone.
        features: (B, F, h, w), what mask and occlusion map are made of, where the decoder is
            given them too; else ``None``.
    """

    deformation: Tensor
    occlusion_map: Tensor | None
    mask: Tensor
    sparse_deformed: Tensor
    features: Tensor | None


def dense_motion(
    ops: Operations,
    small_source: Tensor,
    kp_source: KeypointVariables,
    kp_driving: KeypointVariables,
    generator: GeneratorParams,
) -> DenseMotion:
    """Estimate the motion from source to driving.

    Args:
        ops: what computes.
        small_source: (B, C, h, w) in [0, 1], the source at the dense motion's size.
        kp_source, kp_driving: the keypoints between which it moves.
        generator: sizes and options.
    """
    params = generator.dense_motion_params
    batch, channels, height, width = small_source.shape
    size, variance = (height, width), params.kp_variance
    num_motions = kp_source.value.shape[1] + 1
    motions = sparse_motions(ops, kp_source, kp_driving, size)
    deformed = _warp_by_each(ops, small_source, motions)
    heatmaps_driving = gaussian_heatmaps(ops, kp_driving.value, size, variance)
    differences = heatmaps_driving - gaussian_heatmaps(ops, kp_source.value, size, variance)
    heatmaps = _behind_background(ops, differences)
    inputs = ops.concatenate(
        [ops.reshape(heatmaps, (batch, num_motions, 1, height, width)), deformed], axis=2
    )
    inputs = ops.reshape(inputs, (batch, num_motions * (channels + 1), height, width))
    if params.jacobian_maps and kp_source.jacobian is not None and kp_driving.jacobian is not None:
        maps = _jacobian_maps(ops, kp_source.jacobian, kp_driving.jacobian, heatmaps_driving)
        inputs = ops.concatenate([inputs, maps], axis=1)
    prediction = ops.scope("dense_motion_prediction")
    features = hourglass(
        prediction, inputs, params.block_expansion, params.num_blocks, params.max_features
    )
    mask = ops.softmax(prediction.scope("mask").convolution(features, num_motions, 7, 3), axis=1)
    occlusion_map = None
    if generator.estimate_occlusion_map:
        logits = prediction.scope("occlusion_map").convolution(features, 1, 7, 3)
        occlusion_map = ops.sigmoid(logits)
    weights = ops.reshape(mask, (batch, num_motions, height, width, 1))
    deformation = ops.sum(weights * motions, axis=1)
    shared = features if generator.motion_features else None
    return DenseMotion(deformation, occlusion_map, mask, deformed, shared)


def sparse_motions(
    ops: Operations,
    kp_source: KeypointVariables,
    kp_driving: KeypointVariables,
    size: tuple[int, int],
) -> Tensor:
    """The background's identity and each keypoint's affine motion (Eq. 4); (B, K+1, h, w, 2).

    Keypoint motion: z -> source + J_source . inv(J_driving) . (z - driving).
    """
    batch, num_kp, _ = kp_source.value.shape
    identity = ops.constant_of(_pixel_positions, 1, *size)
    offset = identity - ops.reshape(kp_driving.value, (batch, num_kp, 1, 2))
    if kp_source.jacobian is not None and kp_driving.jacobian is not None:
        local = ops.matmul(kp_source.jacobian, inverse_2x2(ops, kp_driving.jacobian))
        offset = ops.matmul(offset, local, transpose_b=True)
    moved = offset + ops.reshape(kp_source.value, (batch, num_kp, 1, 2))
    background = ops.constant_of(_pixel_positions, batch, *size)
    motions = ops.concatenate([background, moved], axis=1)
    return ops.reshape(motions, (batch, num_kp + 1, *size, 2))


def identity_matrix() -> FloatArray:
    """The 2x2 identity, (1, 1, 2, 2)."""
    return np.eye(2, dtype=np.float32)[None, None]


def inverse_2x2(ops: Operations, matrix: Tensor) -> Tensor:
    """Invert matrices (B, K, 2, 2) in closed form; a singular one gives infinities."""
    batch, num_kp = matrix.shape[:2]
    entries = ops.reshape(matrix, (batch, num_kp, 4))
    a, b, c, d = (entries[:, :, i : i + 1] for i in range(4))
    adjugate = ops.concatenate([d, -b, -c, a], axis=2)
    return ops.reshape(adjugate / (a * d - b * c), matrix.shape)


def _pixel_positions(batch: int, height: int, width: int) -> FloatArray:
    """The identity grid, pixels in one axis; (batch, 1, height * width, 2)."""
    positions = coordinate_grid(height, width).reshape(1, 1, height * width, 2)
    return np.tile(positions, (batch, 1, 1, 1))


def _zeros(*shape: int) -> FloatArray:
    return np.zeros(shape, dtype=np.float32)


def _warp_by_each(ops: Operations, small_source: Tensor, motions: Tensor) -> Tensor:
    """Warp the source by every motion; (B, C, h, w), (B, M, h, w, 2) -> (B, M, C, h, w)."""
    batch, num_motions, height, width, _ = motions.shape
    channels = small_source.shape[1]
    copies = ops.broadcast(
        ops.reshape(small_source, (batch, 1, channels, height, width)),
        (batch, num_motions, channels, height, width),
    )
    warped = warp(
        ops,
        ops.reshape(copies, (batch * num_motions, channels, height, width)),
        ops.reshape(motions, (batch * num_motions, height, width, 2)),
    )
    return ops.reshape(warped, (batch, num_motions, channels, height, width))


def _behind_background(ops: Operations, heatmaps: Tensor) -> Tensor:
    """Put the background's zero map before those of the keypoints; (B, K + 1, h, w)."""
    batch, _, height, width = heatmaps.shape
    background = ops.constant_of(_zeros, batch, 1, height, width)
    return ops.concatenate([background, heatmaps], axis=1)


def _jacobian_maps(
    ops: Operations, source: Tensor, driving: Tensor, heatmaps_driving: Tensor
) -> Tensor:
    """Deformation of the surroundings of each keypoint, as maps.

    Args:
        ops: what computes.
        source, driving: jacobians (B, K, 2, 2).
        heatmaps_driving: (B, K, h, w), the heat maps of the driving keypoints.

    Returns:
        (B, 4K, h, w), the entries of J_driving . inv(J_source) - 1 spread over the heat maps.
    """
    batch, num_kp, height, width = heatmaps_driving.shape
    change = ops.matmul(driving, inverse_2x2(ops, source))
    change = change - ops.constant_of(identity_matrix)
    maps = ops.reshape(change, (batch, num_kp, 4, 1)) * ops.reshape(
        heatmaps_driving, (batch, num_kp, 1, height * width)
    )
    return ops.reshape(maps, (batch, 4 * num_kp, height, width))
