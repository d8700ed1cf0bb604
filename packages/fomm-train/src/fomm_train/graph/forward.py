"""The networks joined for training: a batch in, keypoints, motion and predictions out."""

from __future__ import annotations

from dataclasses import dataclass

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.generator import Decoded
from fomm_core.network.graph import Networks
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import TrainParams
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.transfer import transfer_motion


@dataclass(frozen=True, eq=False)
class Predictions:
    """Values of the last step, to be looked at.

    Attributes:
        frames: (B, C, H, W) in [0, 1].
        kp_source, kp_driving: (B, K, 2), x first, in [-1, 1].
    """

    frames: FloatArray
    kp_source: FloatArray
    kp_driving: FloatArray


@dataclass(frozen=True, eq=False)
class ForwardOutputs:
    """Keypoints, motion and predictions of a batch, as tensors.

    Attributes:
        kp_source, kp_driving: (B, K, ...), keypoints as detected, or the true ones where the
            networks are given nothing else.
        kp_transformed: those of the transformed driving frames; ``None`` where no loss
            needs them.
        deformation: (B, h, w, 2), where in the source each pixel comes from.
        decoded: prediction and deformed source.
        kp_reference: those of the reference frames; ``None`` where motion is absolute.
        kp_varied: those of the detector's own frames, transformed; ``None`` where no loss needs
            them.
    """

    kp_source: KeypointVariables
    kp_driving: KeypointVariables
    kp_transformed: KeypointVariables | None
    deformation: Tensor
    decoded: Decoded
    kp_reference: KeypointVariables | None = None
    kp_varied: KeypointVariables | None = None

    def detections(self) -> tuple[Tensor, ...]:
        """Positions of the keypoints, in the order in which they are detected.

        Each detection moves the running statistics of the detector.
        """
        found = (
            self.kp_source,
            self.kp_driving,
            self.kp_reference,
            self.kp_transformed,
            self.kp_varied,
        )
        return tuple(keypoints.value for keypoints in found if keypoints is not None)

    def read(self, ops: TrainingOperations) -> Predictions:
        """Copy what was computed last."""
        return Predictions(
            ops.read(self.decoded.prediction),
            ops.read(self.kp_source.value),
            ops.read(self.kp_driving.value),
        )


def forward(
    ops: TrainingOperations,
    params: TrainParams,
    networks: Networks,
    inputs: StepInputs,
    precision: Precision,
) -> ForwardOutputs:
    """Detect, move and decode; keypoints and motion always in single precision.

    Source, driving and transformed frames pass the detector one after the other, each with
    batch statistics of its own, as in the reference; so do those of relative motion and of the
    detector alone, where there are some.

    Args:
        ops: what computes.
        params: whether the detector learns, and whether it is asked at all.
        networks: what is run.
        inputs: frames, and what else the configuration needs.
        precision: which parts compute in half precision.
    """
    kp_source, kp_driving, kp_reference = _find_keypoints(ops, params, networks, inputs)
    with precision.images():
        encoded = networks.encoder(inputs.source)
    moved = _move(ops, params, inputs, kp_source, kp_driving, kp_reference)
    motion = networks.motion(encoded.small, *moved)
    with precision.images():
        decoded = networks.decoder(
            encoded, motion.deformation, motion.occlusion_map, motion.features
        )
    equivariant = inputs.driving if params.loss_weights.is_equivariant else None
    outputs = ForwardOutputs(
        kp_source,
        kp_driving,
        _detect_transformed(ops, params, networks, inputs, equivariant),
        motion.deformation,
        decoded,
        kp_reference,
        _detect_transformed(ops, params, networks, inputs, inputs.detector_frame),
    )
    # These are looked at after the step, when other intermediate results are gone.
    for variable in (decoded.prediction, kp_source.value, kp_driving.value):
        ops.keep(variable)
    return outputs


def _find_keypoints(
    ops: TrainingOperations, params: TrainParams, networks: Networks, inputs: StepInputs
) -> tuple[KeypointVariables, KeypointVariables, KeypointVariables | None]:
    """Those of source, driving and reference frames: true ones where no others are wanted."""
    if inputs.truth is not None and params.true_keypoints_only:
        return inputs.truth.source, inputs.truth.driving, inputs.truth.reference
    kp_source = _detect(ops, params, networks, inputs.source)
    kp_driving = _detect(ops, params, networks, inputs.driving)
    if inputs.reference is None:
        return kp_source, kp_driving, None
    return kp_source, kp_driving, _detect(ops, params, networks, inputs.reference)


def _detect_transformed(
    ops: TrainingOperations,
    params: TrainParams,
    networks: Networks,
    inputs: StepInputs,
    frames: Tensor | None,
) -> KeypointVariables | None:
    """Those of frames under the step's transformation, where there are both."""
    if inputs.transform is None or frames is None:
        return None
    return _detect(ops, params, networks, inputs.transform.transform_frame(ops, frames))


def _detect(
    ops: TrainingOperations, params: TrainParams, networks: Networks, frames: Tensor
) -> KeypointVariables:
    """Detect keypoints; a detector that is not trained costs no backward work.

    It goes on recording batch statistics, as in the reference.
    """
    detected = networks.keypoints(frames)
    return detected if params.lr_kp_detector else _stop_gradient(ops, detected)


def _stop_gradient(ops: TrainingOperations, keypoints: KeypointVariables) -> KeypointVariables:
    jacobian = None if keypoints.jacobian is None else ops.stop_gradient(keypoints.jacobian)
    return KeypointVariables(ops.stop_gradient(keypoints.value), jacobian)


def _move(
    ops: TrainingOperations,
    params: TrainParams,
    inputs: StepInputs,
    kp_source: KeypointVariables,
    kp_driving: KeypointVariables,
    kp_reference: KeypointVariables | None,
) -> tuple[KeypointVariables, KeypointVariables]:
    """Keypoints of the source and of what is to be generated, as the generator is given them.

    True ones stand in the place of detected ones for the samples with teacher forcing.
    """
    found = [kp_source, kp_driving, *([] if kp_reference is None else [kp_reference])]
    if not params.images_train_detector:
        found = [_stop_gradient(ops, keypoints) for keypoints in found]
    truth = inputs.truth
    if truth is not None:
        known = (truth.source, truth.driving, truth.reference)
        found = [
            keypoints if true is None else _choose(ops, truth.teacher_forcing, true, keypoints)
            for true, keypoints in zip(known, found, strict=False)
        ]
    source, driving, *references = found
    if references and truth is not None and truth.target is not None:
        driving = transfer_motion(ops, source, references[0], driving, truth.target)
    return source, driving


def _choose(
    ops: TrainingOperations,
    forced: Tensor,
    truth: KeypointVariables,
    detected: KeypointVariables,
) -> KeypointVariables:
    value = ops.where(forced, truth.value, detected.value)
    if truth.jacobian is None or detected.jacobian is None:
        return KeypointVariables(value, None)
    return KeypointVariables(value, ops.where(forced, truth.jacobian, detected.jacobian))
