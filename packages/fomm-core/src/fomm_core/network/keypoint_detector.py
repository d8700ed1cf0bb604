"""The keypoint detector: image -> K keypoints with local affine frames (Section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F
import nnabla.initializer as I
import nnabla.parametric_functions as PF
import numpy as np

from fomm_core.config import CommonParams, KeypointDetectorParams
from fomm_core.network.blocks import Normalize, convolution, hourglass
from fomm_core.network.warping import constant, coordinate_grid, down_scale, reshape


@dataclass(frozen=True, eq=False)
class KeypointVariables:
    """Keypoints of a batch, as graph variables.

    Attributes:
        value: (B, K, 2), x first, in [-1, 1].
        jacobian: (B, K, 2, 2), or ``None`` where the model estimates none.
    """

    value: nn.Variable
    jacobian: nn.Variable | None


def detect_keypoints(
    image: nn.Variable,
    common: CommonParams,
    params: KeypointDetectorParams,
    normalize: Normalize,
) -> KeypointVariables:
    """Detect keypoints in images (B, C, H, W) with values in [0, 1]."""
    with nn.parameter_scope("kp_detector"):
        features = hourglass(
            down_scale(image, params.stride),
            params.block_expansion,
            params.num_blocks,
            params.max_features,
            normalize,
        )
        with nn.parameter_scope("keypoint_detector"):
            logits = convolution(features, common.num_kp, 7, params.pad)
        heatmap = _spatial_softmax(logits, params.temperature)
        value = _expected_position(heatmap)
        if not common.estimate_jacobian:
            return KeypointVariables(value, None)
        num_maps = 1 if params.single_jacobian_map else common.num_kp
        maps = _jacobian_maps(features, num_maps, params.pad)
        return KeypointVariables(value, _expected_jacobian(heatmap, maps))


def _spatial_softmax(logits: nn.Variable, temperature: float) -> nn.Variable:
    """Softmax over all pixels of each map; (B, K, h, w), each map sums to 1."""
    batch, num_kp, height, width = logits.shape
    flat = reshape(logits, (batch, num_kp, height * width)) / temperature
    return reshape(F.softmax(flat, axis=2), logits.shape)


def _expected_position(heatmap: nn.Variable) -> nn.Variable:
    """Soft-argmax: the mean position under each heat map; (B, K, h, w) -> (B, K, 2)."""
    grid = constant(coordinate_grid(*heatmap.shape[2:])[None, None])
    weights = reshape(heatmap, (*heatmap.shape, 1))
    return F.sum(weights * grid, axis=(2, 3))


def _jacobian_maps(features: nn.Variable, num_maps: int, pad: int) -> nn.Variable:
    """Four maps per keypoint (or one set for all), starting at the identity matrix."""
    identity = np.tile(np.array([1, 0, 0, 1], dtype=np.float32), num_maps)
    with nn.parameter_scope("jacobian_estimator"):
        maps = PF.convolution(
            features,
            4 * num_maps,
            (7, 7),
            pad=(pad, pad),
            w_init=I.ConstantInitializer(0),
            b_init=identity,
        )
    batch, _, height, width = maps.shape
    return reshape(maps, (batch, num_maps, 4, height, width))


def _expected_jacobian(heatmap: nn.Variable, maps: nn.Variable) -> nn.Variable:
    """The mean matrix under each heat map; (B, K, h, w), (B, K or 1, 4, h, w) -> (B, K, 2, 2)."""
    batch, num_kp, height, width = heatmap.shape
    weights = reshape(heatmap, (batch, num_kp, 1, height, width))
    return reshape(F.sum(weights * maps, axis=(3, 4)), (batch, num_kp, 2, 2))
