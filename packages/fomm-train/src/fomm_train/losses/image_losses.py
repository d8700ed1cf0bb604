"""Losses between images, where wanted with more weight on some regions.

They are not in the paper: a small model learns from them without VGG19. As in
:mod:`fomm_train.losses.terms`, the result is a weighted scalar, or ``None`` if turned off.

Regions are (B, 1, H, W) in [0, 1]: where they are 1, a pixel counts ``region_weight`` times
that of a pixel where they are 0. The sum is divided by the number of pixels, not by the sum
of their weights, so that the loss of a batch stays the mean of the losses of its samples.
"""

from __future__ import annotations

from collections.abc import Mapping

import nnabla as nn
import nnabla.functions as F

from fomm_train.kernels.custom_function import stop_gradient
from fomm_train.losses.weighting import is_on, total


def reconstruction(
    prediction: Mapping[float, nn.Variable],
    target: Mapping[float, nn.Variable],
    weight: float | None,
    regions: nn.Variable | None = None,
    region_weight: float = 1.0,
) -> nn.Variable | None:
    """L1 between two pyramids, summed over the scales.

    Args:
        prediction, target: images (B, C, H * scale, W * scale) in [0, 1] by scale; targets
            get no gradient.
        weight: factor of the loss.
        regions: (B, 1, H, W), averaged down to each scale.
        region_weight: what a pixel inside them counts.
    """
    if not is_on(weight):
        return None
    return total(
        _mean(F.absolute_error(image, stop_gradient(target[scale])), regions, region_weight)
        * weight
        for scale, image in prediction.items()
    )


def gradient(
    prediction: nn.Variable,
    target: nn.Variable,
    weight: float | None,
    regions: nn.Variable | None = None,
    region_weight: float = 1.0,
) -> nn.Variable | None:
    """L1 between the differences of neighbouring pixels, across and down: keeps edges sharp.

    Args:
        prediction, target: (B, C, H, W) in [0, 1]; targets get no gradient.
        weight: factor of the loss.
        regions: (B, 1, H, W); the pixel to the left or above says the region.
        region_weight: what a pixel inside them counts.
    """
    if not is_on(weight):
        return None
    error = prediction - stop_gradient(target)
    across = F.abs(error[:, :, :, 1:] - error[:, :, :, :-1])
    down = F.abs(error[:, :, 1:, :] - error[:, :, :-1, :])
    left = None if regions is None else regions[:, :, :, :-1]
    above = None if regions is None else regions[:, :, :-1, :]
    return (_mean(across, left, region_weight) + _mean(down, above, region_weight)) * weight


def warped_source(
    deformed: nn.Variable,
    target: nn.Variable,
    weight: float | None,
    regions: nn.Variable | None = None,
    region_weight: float = 1.0,
) -> nn.Variable | None:
    """L1 between the source warped by the deformation and the target: trains the motion alone.

    Args:
        deformed, target: (B, C, H, W) in [0, 1]; targets get no gradient.
        weight: factor of the loss.
        regions: (B, 1, H, W).
        region_weight: what a pixel inside them counts.
    """
    if not is_on(weight):
        return None
    return _mean(F.absolute_error(deformed, stop_gradient(target)), regions, region_weight) * weight


def _mean(error: nn.Variable, regions: nn.Variable | None, region_weight: float) -> nn.Variable:
    """Mean of (B, C, h, w), pixels inside the regions counted ``region_weight`` times."""
    if regions is None or region_weight == 1:
        return F.mean(error)
    if regions.shape[2:] != error.shape[2:]:
        stride = tuple(a // b for a, b in zip(regions.shape[2:], error.shape[2:], strict=True))
        regions = F.average_pooling(regions, stride)
    return F.mean(error * (stop_gradient(regions) * (region_weight - 1) + 1))
