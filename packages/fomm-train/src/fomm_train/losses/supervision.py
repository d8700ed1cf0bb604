"""Losses against what only a drawn data set knows. They are not in the paper."""

from __future__ import annotations

from fomm_core.network.operations import Tensor
from fomm_core.network.warping import coordinate_grid
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.l1 import l1
from fomm_train.losses.weighting import is_on


def keypoint_supervision(
    ops: TrainingOperations, value: Tensor, truth: Tensor, weight: float | None
) -> Tensor | None:
    """L1 between detected and true keypoints, (B, K, 2) each."""
    return l1(ops, value, truth) * weight if is_on(weight) else None


def jacobian_supervision(
    ops: TrainingOperations, jacobian: Tensor, truth: Tensor, weight: float | None
) -> Tensor | None:
    """L1 between detected and true jacobians, (B, K, 2, 2) each."""
    return l1(ops, jacobian, truth) * weight if is_on(weight) else None


def transformed_keypoints(
    ops: TrainingOperations, carried: Tensor, truth: Tensor, visible: Tensor, weight: float | None
) -> Tensor | None:
    """L1 between keypoints of a transformed frame, carried back, and true ones.

    Equivariance (Section 3.3) to the truth instead of to what is detected elsewhere.

    Args:
        ops: what computes.
        carried: (B, K, 2), detected in the transformed frame and moved by the transformation.
        truth: (B, K, 2), of the frame before.
        visible: (B, K, 1), 0 for keypoints that are not to count.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    error = ops.absolute_error(carried, ops.stop_gradient(truth))
    return ops.mean(error * ops.broadcast(visible, error.shape)) * weight


def transformed_jacobians(
    ops: TrainingOperations, turned: Tensor, truth: Tensor, visible: Tensor, weight: float | None
) -> Tensor | None:
    """L1 between jacobians of a transformed frame, carried back, and true ones.

    Args:
        ops: what computes.
        turned: (B, K, 2, 2), the transformation's jacobians times the detected ones.
        truth: (B, K, 2, 2), of the frame before.
        visible: (B, K, 1), 0 for keypoints that are not to count.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    error = ops.absolute_error(turned, ops.stop_gradient(truth))
    counted = ops.reshape(visible, (*visible.shape, 1))
    return ops.mean(error * ops.broadcast(counted, error.shape)) * weight


def background_supervision(
    ops: TrainingOperations, deformation: Tensor, foreground: Tensor, weight: float | None
) -> Tensor | None:
    """L1 between the deformation and none at all, where nothing but background is shown.

    Not in the paper, which leaves it to the masks (Eq. 7) to find out what stands still.

    Args:
        ops: what computes.
        deformation: (B, h, w, 2) in the coordinates of the source, [-1, 1].
        foreground: (B, 1, H, W) in [0, 1], 0 where the target shows background; H and W are
            multiples of h and w.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    batch, height, width, _ = deformation.shape
    stride = (foreground.shape[2] // height, foreground.shape[3] // width)
    shown = 1 - ops.average_pooling(ops.stop_gradient(foreground), stride)
    still = ops.constant_of(coordinate_grid, height, width, 1)
    error = ops.absolute_error(deformation, ops.broadcast(still, deformation.shape))
    return ops.mean(error * ops.reshape(shown, (batch, height, width, 1))) * weight
