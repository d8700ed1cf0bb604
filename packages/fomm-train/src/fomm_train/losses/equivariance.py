"""The equivariance losses (Section 3.3 of the paper)."""

from __future__ import annotations

from fomm_core.network.dense_motion import identity_matrix, inverse_2x2
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.weighting import is_on


def equivariance_value(
    ops: TrainingOperations, kp_driving: Tensor, kp_transformed_warped: Tensor, weight: float | None
) -> Tensor | None:
    """Keypoints of a transformed frame, carried back, should be those of the frame.

    Args:
        ops: what computes.
        kp_driving: (B, K, 2), detected in the driving frame.
        kp_transformed_warped: (B, K, 2), detected in the transformed frame and then moved by
            the transformation; gradients flow into both.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    return ops.mean(ops.absolute_error(kp_driving, kp_transformed_warped)) * weight


def equivariance_jacobian(
    ops: TrainingOperations,
    jacobian_driving: Tensor,
    transform_jacobian: Tensor,
    jacobian_transformed: Tensor,
    weight: float | None,
) -> Tensor | None:
    """inv(J_driving) . J_transform . J_transformed should be the identity.

    Args:
        ops: what computes.
        jacobian_driving: (B, K, 2, 2), detected in the driving frame.
        transform_jacobian: (B, K, 2, 2), of the transformation at the keypoints that were
            detected in the transformed frame.
        jacobian_transformed: (B, K, 2, 2), detected in the transformed frame.
        weight: factor of the loss.
    """
    if not is_on(weight):
        return None
    moved = ops.matmul(transform_jacobian, jacobian_transformed)
    ratio = ops.matmul(inverse_2x2(ops, jacobian_driving), moved)
    return ops.mean(ops.abs(ratio - ops.constant_of(identity_matrix))) * weight
