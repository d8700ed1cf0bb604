"""The discriminator of stage two: a patch classifier on every scale of a pyramid.

It is that of pix2pixHD (Wang et al. 2018) with 4x4 convolutions without padding; the features
of its blocks also serve the feature-matching loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F
import nnabla.initializer as I
import nnabla.parametric_functions as PF
import numpy as np

from fomm_core.network.warping import gaussian_heatmaps
from fomm_train.config import DiscriminatorParams
from fomm_train.kernels.custom_function import stop_gradient

_KERNEL = 4
_SLOPE = 0.2  # of the leaky ReLU


@dataclass(frozen=True, eq=False)
class DiscriminatorOutput:
    """What one discriminator says of a batch of images.

    Attributes:
        features: one map for each block, (B, C_i, h_i, w_i).
        prediction: (B, 1, h, w), for each patch: 1 real, 0 generated.
    """

    features: tuple[nn.Variable, ...]
    prediction: nn.Variable


def discriminate(
    pyramid: Mapping[float, nn.Variable],
    keypoints: nn.Variable | None,
    params: DiscriminatorParams,
) -> dict[float, DiscriminatorOutput]:
    """Judge images on every scale of ``params.scales``, each with a discriminator of its own.

    Parameters live in the current scope under ``discriminator/<scale>/...``.

    Args:
        pyramid: images (B, C, H, W) in [0, 1] by scale.
        keypoints: (B, K, 2), the driving keypoints. With ``params.use_kp`` their heat maps
            are shown beside the image; no gradient flows back to them.
        params: sizes and options. With ``params.sn`` every forward pass improves the
            singular vectors of the spectral normalisation.

    Raises:
        ValueError: ``params.use_kp`` is set and no keypoints are given.
    """
    if params.use_kp:
        if keypoints is None:
            raise ValueError("use_kp: expected keypoints, found none")
        keypoints = stop_gradient(keypoints)
    judgements: dict[float, DiscriminatorOutput] = {}
    for scale in params.scales:
        image = pyramid[scale]
        if params.use_kp:
            heatmaps = gaussian_heatmaps(keypoints, image.shape[2:], params.kp_variance)
            image = F.concatenate(image, heatmaps, axis=1)
        with nn.parameter_scope(f"discriminator/{scale:g}"):
            judgements[scale] = _judge(image, params)
    return judgements


def _judge(image: nn.Variable, params: DiscriminatorParams) -> DiscriminatorOutput:
    """One discriminator on images (B, C + K, H, W)."""
    features: list[nn.Variable] = []
    hidden = image
    for i in range(params.num_blocks):
        maps = min(params.max_features, params.block_expansion * 2 ** (i + 1))
        with nn.parameter_scope(f"downblock_{i}"):
            hidden = _convolution(hidden, maps, _KERNEL, params.sn)
            if i > 0:
                hidden = PF.instance_normalization(hidden)
        hidden = F.leaky_relu(hidden, _SLOPE)
        if i < params.num_blocks - 1:
            hidden = F.average_pooling(hidden, (2, 2))
        features.append(hidden)
    with nn.parameter_scope("prediction"):
        prediction = _convolution(hidden, 1, 1, params.sn)
    return DiscriminatorOutput(tuple(features), prediction)


def _convolution(x: nn.Variable, out_maps: int, kernel: int, spectral: bool) -> nn.Variable:
    """Convolve with bias, without padding; initial values as in the other networks."""
    limit = I.calc_normal_std_he_forward(x.shape[1], out_maps, (kernel, kernel)) / np.sqrt(2)
    init = I.UniformInitializer((-limit, limit))

    def normalise(weight: nn.Variable) -> nn.Variable:
        return PF.spectral_norm(weight, dim=0, itr=1)

    return PF.convolution(
        x,
        out_maps,
        (kernel, kernel),
        w_init=init,
        b_init=init,
        apply_w=normalise if spectral else None,
    )
