"""Relative motion within the training graph, as animation takes it (Section 3.4)."""

from __future__ import annotations

from fomm_core.network.dense_motion import inverse_2x2
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.operations import Operations, Tensor

_MOST = 8.0
"""Bound of the entries of jacobians: no surface of a person stretches so far."""


def transfer_motion(
    ops: Operations,
    source: KeypointVariables,
    reference: KeypointVariables,
    driving: KeypointVariables,
) -> KeypointVariables:
    """Move the source's keypoints as the driving ones are moved since the reference frame.

    With S, R and D for source, reference and driving: ``value = D - R + S`` and
    ``J = J_D . inv(J_R) . J_S``, bounded, for a detector that has yet to learn may find
    jacobians R that are nearly singular. It is
    :class:`~fomm_core.motion.transfer.MotionTransfer` for tensors.

    Args:
        ops: what computes.
        source, reference, driving: (B, K, 2) and (B, K, 2, 2).
    """
    value = driving.value - reference.value + source.value
    if source.jacobian is None or reference.jacobian is None or driving.jacobian is None:
        return KeypointVariables(value, None)
    change = ops.matmul(driving.jacobian, inverse_2x2(ops, reference.jacobian))
    return KeypointVariables(value, _bound(ops, ops.matmul(change, source.jacobian)))


def _bound(ops: Operations, x: Tensor) -> Tensor:
    """The values of a tensor, cut off at +- 8."""
    return ops.relu(x + _MOST) - ops.relu(x - _MOST) - _MOST
