"""The discriminator of stage two: a patch classifier on every scale of a pyramid.

It is that of pix2pixHD (Wang et al. 2018) with 4x4 convolutions without padding; the features
of its blocks also serve the feature-matching loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fomm_core.errors import ConfigError
from fomm_core.network.operations import Tensor
from fomm_core.network.warping import gaussian_heatmaps
from fomm_train.backend.base import TrainingOperations
from fomm_train.config import DiscriminatorParams

_KERNEL = 4
_SLOPE = 0.2  # of the leaky ReLU


@dataclass(frozen=True, eq=False)
class DiscriminatorOutput:
    """Features and prediction of one discriminator for a batch of images.

    Attributes:
        features: one map for each block, (B, C_i, h_i, w_i).
        prediction: (B, 1, h, w), for each patch: 1 real, 0 generated.
    """

    features: tuple[Tensor, ...]
    prediction: Tensor


def discriminate(
    ops: TrainingOperations,
    pyramid: Mapping[float, Tensor],
    keypoints: Tensor | None,
    params: DiscriminatorParams,
) -> dict[float, DiscriminatorOutput]:
    """Judge images on every scale of ``params.scales``, each with a discriminator of its own.

    Parameters are named ``discriminator/<scale>/...``.

    Args:
        ops: what computes.
        pyramid: images (B, C, H, W) in [0, 1] by scale.
        keypoints: (B, K, 2), the driving keypoints. With ``params.use_kp`` their heat maps
            are shown beside the image; no gradient flows back to them.
        params: sizes and options. With ``params.sn`` every forward pass improves the
            singular vectors of the spectral normalisation.

    Raises:
        ValueError: ``params.use_kp`` is set and no keypoints are given.
        ConfigError: images are too small for so many blocks.
    """
    if not params.use_kp:
        keypoints = None
    elif keypoints is None:
        raise ValueError("use_kp: expected keypoints, found none")
    else:
        keypoints = ops.stop_gradient(keypoints)
    outputs: dict[float, DiscriminatorOutput] = {}
    for scale in params.scales:
        image = pyramid[scale]
        if keypoints is not None:
            _, _, height, width = image.shape
            heatmaps = gaussian_heatmaps(ops, keypoints, (height, width), params.kp_variance)
            image = ops.concatenate([image, heatmaps], axis=1)
        own = ops.scope(f"discriminator/{scale:g}")
        outputs[scale] = _discriminate(own, image, params)
    return outputs


def _discriminate(
    ops: TrainingOperations, image: Tensor, params: DiscriminatorParams
) -> DiscriminatorOutput:
    """One discriminator on images (B, C + K, H, W)."""
    features: list[Tensor] = []
    hidden = image
    for i in range(params.num_blocks):
        if min(hidden.shape[2:]) < _KERNEL:
            height, width = image.shape[2:]
            raise ConfigError(
                f"model_params.discriminator_params.num_blocks: expected at most {i} for images "
                f"of {height} x {width} (a frame at one of its scales), found {params.num_blocks}"
            )
        maps = min(params.max_features, params.block_expansion * 2 ** (i + 1))
        block = ops.scope(f"downblock_{i}")
        hidden = block.convolution(hidden, maps, _KERNEL, spectral_norm=params.sn)
        if i > 0:
            hidden = block.instance_normalization(hidden)
        hidden = ops.leaky_relu(hidden, _SLOPE)
        if i < params.num_blocks - 1:
            hidden = ops.average_pooling(hidden, (2, 2))
        features.append(hidden)
    prediction = ops.scope("prediction").convolution(hidden, 1, 1, spectral_norm=params.sn)
    return DiscriminatorOutput(tuple(features), prediction)
