"""Losses between images, where wanted with more weight on some regions.

They are not in the paper: a small model learns from them without VGG19.

Regions are (B, 1, H, W) in [0, 1]: where they are 1, a pixel counts ``region_weight`` times
that of a pixel where they are 0. The sum is divided by the number of pixels, not by the sum
of their weights, so that the loss of a batch stays the mean of the losses of its samples.
"""

from __future__ import annotations

from collections.abc import Mapping

from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.weighting import is_on, total


def reconstruction(
    ops: TrainingOperations,
    prediction: Mapping[float, Tensor],
    target: Mapping[float, Tensor],
    weight: float | None,
    regions: Tensor | None = None,
    region_weight: float = 1.0,
) -> Tensor | None:
    """L1 between two pyramids, summed over the scales.

    Args:
        ops: what computes.
        prediction, target: images (B, C, H * scale, W * scale) in [0, 1] by scale; targets
            get no gradient.
        weight: factor of the loss.
        regions: (B, 1, H, W), averaged down to each scale.
        region_weight: what a pixel inside them counts.
    """
    if not is_on(weight):
        return None
    return total(
        _mean(
            ops, ops.absolute_error(image, ops.stop_gradient(target[scale])), regions, region_weight
        )
        * weight
        for scale, image in prediction.items()
    )


def gradient(
    ops: TrainingOperations,
    prediction: Tensor,
    target: Tensor,
    weight: float | None,
    regions: Tensor | None = None,
    region_weight: float = 1.0,
) -> Tensor | None:
    """L1 between the differences of neighbouring pixels, across and down: keeps edges sharp.

    Args:
        ops: what computes.
        prediction, target: (B, C, H, W) in [0, 1]; targets get no gradient.
        weight: factor of the loss.
        regions: (B, 1, H, W); the pixel to the left or above says the region.
        region_weight: what a pixel inside them counts.
    """
    if not is_on(weight):
        return None
    error = prediction - ops.stop_gradient(target)
    across = ops.abs(error[:, :, :, 1:] - error[:, :, :, :-1])
    down = ops.abs(error[:, :, 1:, :] - error[:, :, :-1, :])
    left = None if regions is None else regions[:, :, :, :-1]
    above = None if regions is None else regions[:, :, :-1, :]
    return (
        _mean(ops, across, left, region_weight) + _mean(ops, down, above, region_weight)
    ) * weight


def warped_source(
    ops: TrainingOperations,
    deformed: Tensor,
    target: Tensor,
    weight: float | None,
    regions: Tensor | None = None,
    region_weight: float = 1.0,
) -> Tensor | None:
    """L1 between the source warped by the deformation and the target: trains the motion alone.

    Args:
        ops: what computes.
        deformed, target: (B, C, H, W) in [0, 1]; targets get no gradient.
        weight: factor of the loss.
        regions: (B, 1, H, W).
        region_weight: what a pixel inside them counts.
    """
    if not is_on(weight):
        return None
    return (
        _mean(ops, ops.absolute_error(deformed, ops.stop_gradient(target)), regions, region_weight)
        * weight
    )


def _mean(
    ops: TrainingOperations, error: Tensor, regions: Tensor | None, region_weight: float
) -> Tensor:
    """Mean of (B, C, h, w), pixels inside the regions counted ``region_weight`` times."""
    if regions is None or region_weight == 1:
        return ops.mean(error)
    if regions.shape[2:] != error.shape[2:]:
        _, _, height, width = error.shape
        stride = (regions.shape[2] // height, regions.shape[3] // width)
        regions = ops.average_pooling(regions, stride)
    return ops.mean(error * (ops.stop_gradient(regions) * (region_weight - 1) + 1))
