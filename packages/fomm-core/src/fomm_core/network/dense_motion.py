"""Dense motion: sparse keypoint motions combined into one deformation (Section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F
import numpy as np

from fomm_core.config import GeneratorParams
from fomm_core.network.blocks import Normalize, convolution, hourglass
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.warping import constant, coordinate_grid, gaussian_heatmaps, reshape, warp


@dataclass(frozen=True, eq=False)
class DenseMotion:
    """The motion of every pixel, as graph variables; h x w is the dense motion's size.

    Attributes:
        deformation: (B, h, w, 2), where in the source each pixel comes from.
        occlusion_map: (B, 1, h, w) in [0, 1], or ``None``.
        mask: (B, K + 1, h, w), sums to 1 over axis 1; plane 0 is the background.
        sparse_deformed: (B, K + 1, C, h, w), the source warped by each motion alone.
        features: (B, F, h, w), what mask and occlusion map are made of, where the decoder is
            given them too; else ``None``.
    """

    deformation: nn.Variable
    occlusion_map: nn.Variable | None
    mask: nn.Variable
    sparse_deformed: nn.Variable
    features: nn.Variable | None


def dense_motion(
    small_source: nn.Variable,
    kp_source: KeypointVariables,
    kp_driving: KeypointVariables,
    generator: GeneratorParams,
    normalize: Normalize,
) -> DenseMotion:
    """Estimate the motion from source to driving.

    Args:
        small_source: (B, C, h, w) in [0, 1], the source at the dense motion's size.
    """
    params = generator.dense_motion_params
    batch, channels, height, width = small_source.shape
    num_motions = kp_source.value.shape[1] + 1
    motions = sparse_motions(kp_source, kp_driving, (height, width))
    deformed = _warp_by_each(small_source, motions)
    heatmaps_driving = gaussian_heatmaps(kp_driving.value, (height, width), params.kp_variance)
    differences = heatmaps_driving - gaussian_heatmaps(
        kp_source.value, (height, width), params.kp_variance
    )
    inputs = F.concatenate(
        reshape(_behind_background(differences), (batch, num_motions, 1, height, width)),
        deformed,
        axis=2,
    )
    inputs = reshape(inputs, (batch, num_motions * (channels + 1), height, width))
    if params.jacobian_maps and kp_source.jacobian is not None and kp_driving.jacobian is not None:
        maps = _jacobian_maps(kp_source.jacobian, kp_driving.jacobian, heatmaps_driving)
        inputs = F.concatenate(inputs, maps, axis=1)
    with nn.parameter_scope("dense_motion_prediction"):
        features = hourglass(
            inputs, params.block_expansion, params.num_blocks, params.max_features, normalize
        )
        with nn.parameter_scope("mask"):
            mask = F.softmax(convolution(features, num_motions, 7, 3), axis=1)
        occlusion_map = None
        if generator.estimate_occlusion_map:
            with nn.parameter_scope("occlusion_map"):
                occlusion_map = F.sigmoid(convolution(features, 1, 7, 3))
    weights = reshape(mask, (batch, num_motions, height, width, 1))
    deformation = F.sum(weights * motions, axis=1)
    shared = features if generator.motion_features else None
    return DenseMotion(deformation, occlusion_map, mask, deformed, shared)


def sparse_motions(
    kp_source: KeypointVariables, kp_driving: KeypointVariables, size: tuple[int, int]
) -> nn.Variable:
    """The background's identity and each keypoint's affine motion (Eq. 4); (B, K+1, h, w, 2).

    Keypoint motion: z -> source + J_source . inv(J_driving) . (z - driving).
    """
    batch, num_kp, _ = kp_source.value.shape
    pixels = size[0] * size[1]
    identity = coordinate_grid(*size)
    flat = constant(identity.reshape(1, 1, pixels, 2))
    offset = flat - reshape(kp_driving.value, (batch, num_kp, 1, 2))
    if kp_source.jacobian is not None and kp_driving.jacobian is not None:
        local = F.batch_matmul(kp_source.jacobian, inverse_2x2(kp_driving.jacobian))
        offset = F.batch_matmul(offset, local, transpose_b=True)
    moved = offset + reshape(kp_source.value, (batch, num_kp, 1, 2))
    background = constant(np.tile(identity.reshape(1, 1, pixels, 2), (batch, 1, 1, 1)))
    motions = F.concatenate(background, moved, axis=1)
    return reshape(motions, (batch, num_kp + 1, *size, 2))


def inverse_2x2(matrix: nn.Variable) -> nn.Variable:
    """Invert matrices (B, K, 2, 2) in closed form; a singular one gives infinities."""
    batch, num_kp = matrix.shape[:2]
    entries = reshape(matrix, (batch, num_kp, 4))
    a, b, c, d = (entries[:, :, i : i + 1] for i in range(4))
    adjugate = F.concatenate(d, -b, -c, a, axis=2)
    return reshape(adjugate / (a * d - b * c), matrix.shape)


def _warp_by_each(small_source: nn.Variable, motions: nn.Variable) -> nn.Variable:
    """Warp the source by every motion; (B, C, h, w), (B, M, h, w, 2) -> (B, M, C, h, w)."""
    batch, num_motions, height, width, _ = motions.shape
    channels = small_source.shape[1]
    copies = F.broadcast(
        reshape(small_source, (batch, 1, channels, height, width)),
        (batch, num_motions, channels, height, width),
    )
    warped = warp(
        reshape(copies, (batch * num_motions, channels, height, width)),
        reshape(motions, (batch * num_motions, height, width, 2)),
    )
    return reshape(warped, (batch, num_motions, channels, height, width))


def _behind_background(heatmaps: nn.Variable) -> nn.Variable:
    """Put the background's zero map before those of the keypoints; (B, K + 1, h, w)."""
    batch, _, height, width = heatmaps.shape
    background = constant(np.zeros((batch, 1, height, width), dtype=np.float32))
    return F.concatenate(background, heatmaps, axis=1)


def _jacobian_maps(
    source: nn.Variable, driving: nn.Variable, heatmaps_driving: nn.Variable
) -> nn.Variable:
    """How much the surroundings of each keypoint are deformed.

    Args:
        source, driving: jacobians (B, K, 2, 2).
        heatmaps_driving: (B, K, h, w), the heat maps of the driving keypoints.

    Returns:
        (B, 4K, h, w), the entries of J_driving . inv(J_source) - 1 spread over the heat maps.
    """
    batch, num_kp, height, width = heatmaps_driving.shape
    change = F.batch_matmul(driving, inverse_2x2(source))
    change = change - constant(np.eye(2, dtype=np.float32)[None, None])
    maps = reshape(change, (batch, num_kp, 4, 1)) * reshape(
        heatmaps_driving, (batch, num_kp, 1, height * width)
    )
    return reshape(maps, (batch, 4 * num_kp, height, width))
