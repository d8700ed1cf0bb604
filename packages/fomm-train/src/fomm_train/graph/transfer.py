"""Relative motion within the training graph, as animation takes it (Section 3.4)."""

from __future__ import annotations

from fomm_core.network.dense_motion import inverse_2x2
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations

_MOST_NORM = 8.0  # no surface of a person stretches so far
_LEAST_DETERMINANT = 1e-3


def transfer_motion(
    ops: TrainingOperations,
    source: KeypointVariables,
    reference: KeypointVariables,
    driving: KeypointVariables,
    truth: KeypointVariables,
) -> KeypointVariables:
    """Move the source's keypoints as the driving ones are moved since the reference frame.

    With S, R and D for source, reference and driving: ``value = D - R + S`` and
    ``J = J_D . inv(J_R) . J_S``. It is :class:`~fomm_core.motion.transfer.MotionTransfer` for
    tensors, but for samples in which a jacobian becomes singular or enormous: a detector that
    has yet to learn finds such ones, and they are replaced by the truth.

    Args:
        ops: what computes.
        source, reference, driving: (B, K, 2) and (B, K, 2, 2).
        truth: the true keypoints of what is to be generated.
    """
    value = driving.value - reference.value + source.value
    if source.jacobian is None or reference.jacobian is None or driving.jacobian is None:
        return KeypointVariables(value, None)
    change = ops.matmul(driving.jacobian, inverse_2x2(ops, reference.jacobian))
    jacobian = ops.matmul(change, source.jacobian)
    if truth.jacobian is None:
        return KeypointVariables(value, jacobian)
    defects = _size_beyond(ops, jacobian)
    for given in (source.jacobian, reference.jacobian, driving.jacobian):
        defects = defects + _lack_of_determinant(ops, given)
    broken = ops.sign(ops.sum(defects, axis=1))
    return KeypointVariables(
        ops.where(broken, truth.value, value), ops.where(broken, truth.jacobian, jacobian)
    )


def _size_beyond(ops: TrainingOperations, jacobian: Tensor) -> Tensor:
    """Squared norms of jacobians beyond the bound, (B, K); 0 within it."""
    squares = ops.sum(jacobian**2, axis=(2, 3))
    return ops.relu(squares - _MOST_NORM**2)


def _lack_of_determinant(ops: TrainingOperations, jacobian: Tensor) -> Tensor:
    """Determinants of jacobians below the bound, (B, K), by how much; 0 above it."""
    a, b = jacobian[:, :, 0, 0], jacobian[:, :, 0, 1]
    c, d = jacobian[:, :, 1, 0], jacobian[:, :, 1, 1]
    return ops.relu(-ops.abs(a * d - b * c) + _LEAST_DETERMINANT)
