"""The losses of keypoints and deformation: equivariance (Section 3.1), and those to the truth."""

from __future__ import annotations

from collections.abc import Iterator

from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_train.backend.base import TrainingOperations
from fomm_train.config import TrainConfig
from fomm_train.graph.forward import ForwardOutputs
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.terms import OptionalTerm
from fomm_train.losses.equivariance import equivariance_jacobian, equivariance_value
from fomm_train.losses.supervision import (
    background_supervision,
    jacobian_supervision,
    keypoint_supervision,
    transformed_jacobians,
    transformed_keypoints,
)


def equivariance_terms(
    ops: TrainingOperations, config: TrainConfig, inputs: StepInputs, outputs: ForwardOutputs
) -> Iterator[OptionalTerm]:
    """Yield the equivariance losses, where the step has a transformation of the driving frame.

    Arguments as of :func:`fomm_train.graph.objectives.generator_objective`.
    """
    weights = config.train_params.loss_weights
    driving, transformed = outputs.kp_driving, outputs.kp_transformed
    if inputs.transform is None or transformed is None:
        return
    warped = inputs.transform.warp_coordinates(ops, transformed.value)
    yield (
        "equivariance_value",
        equivariance_value(ops, driving.value, warped, weights.equivariance_value),
    )
    if driving.jacobian is not None and transformed.jacobian is not None:
        jacobian = inputs.transform.jacobian(ops, transformed.value)
        yield (
            "equivariance_jacobian",
            equivariance_jacobian(
                ops, driving.jacobian, jacobian, transformed.jacobian, weights.equivariance_jacobian
            ),
        )


def supervision_terms(
    ops: TrainingOperations, config: TrainConfig, inputs: StepInputs, outputs: ForwardOutputs
) -> Iterator[OptionalTerm]:
    """Yield L1 to the truth: keypoints of source and driving frames, and what stands still.

    Arguments as of :func:`fomm_train.graph.objectives.generator_objective`.
    """
    weights = config.train_params.loss_weights
    if inputs.truth is None:
        return
    detected = _both(ops, outputs.kp_source, outputs.kp_driving)
    truth = _both(ops, inputs.truth.source, inputs.truth.driving)
    yield (
        "keypoint_supervision",
        keypoint_supervision(ops, detected.value, truth.value, weights.keypoint_supervision),
    )
    if detected.jacobian is not None and truth.jacobian is not None:
        yield (
            "jacobian_supervision",
            jacobian_supervision(
                ops, detected.jacobian, truth.jacobian, weights.jacobian_supervision
            ),
        )
    yield (
        "background_supervision",
        background_supervision(
            ops, outputs.deformation, inputs.truth.foreground, weights.background_supervision
        ),
    )


def transformed_terms(
    ops: TrainingOperations, config: TrainConfig, inputs: StepInputs, outputs: ForwardOutputs
) -> Iterator[OptionalTerm]:
    """Yield L1 to the truth in the detector's own frames, carried back by the transformation.

    Arguments as of :func:`fomm_train.graph.objectives.generator_objective`.
    """
    weights = config.train_params.loss_weights
    truth, varied, transform = inputs.truth, outputs.kp_varied, inputs.transform
    if truth is None or truth.target is None or truth.visible is None:
        return
    if varied is None or transform is None:
        return
    carried = transform.warp_coordinates(ops, varied.value)
    weight = weights.transformed_keypoints
    yield (
        "transformed_keypoints",
        transformed_keypoints(ops, carried, truth.target.value, truth.visible, weight),
    )
    if varied.jacobian is not None and truth.target.jacobian is not None:
        turned = ops.matmul(transform.jacobian(ops, varied.value), varied.jacobian)
        weight = weights.transformed_jacobians
        yield (
            "transformed_jacobians",
            transformed_jacobians(ops, turned, truth.target.jacobian, truth.visible, weight),
        )


def _both(
    ops: TrainingOperations, first: KeypointVariables, second: KeypointVariables
) -> KeypointVariables:
    """Two batches of keypoints as one."""
    value = ops.concatenate([first.value, second.value], axis=0)
    if first.jacobian is None or second.jacobian is None:
        return KeypointVariables(value, None)
    return KeypointVariables(value, ops.concatenate([first.jacobian, second.jacobian], axis=0))
