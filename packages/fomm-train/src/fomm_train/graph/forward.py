"""What the networks make of a batch: keypoints, motion and predictions, joined for training."""

from __future__ import annotations

from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F

from fomm_core.network.blocks import Normalize
from fomm_core.network.generator import Decoded
from fomm_core.network.graph import Networks
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_train.backend.precision import Precision
from fomm_train.config import TrainParams
from fomm_train.graph.inputs import StepInputs
from fomm_train.kernels.custom_function import stop_gradient


@dataclass(frozen=True, eq=False)
class ForwardOutputs:
    """What the networks make of a batch, as graph variables.

    Attributes:
        kp_source, kp_driving: keypoints as detected, or the true ones where the networks are
            fed nothing else.
        kp_transformed: those of the transformed driving frames; ``None`` where no loss
            needs them.
        deformation: (B, h, w, 2), where in the source each pixel comes from.
        decoded: prediction and deformed source.
    """

    kp_source: KeypointVariables
    kp_driving: KeypointVariables
    kp_transformed: KeypointVariables | None
    deformation: nn.Variable
    decoded: Decoded


def generate(
    params: TrainParams,
    networks: Networks,
    inputs: StepInputs,
    normalize: Normalize,
    precision: Precision,
) -> ForwardOutputs:
    """Detect, move and decode; keypoints and motion always in single precision.

    Source, driving and transformed frames pass the detector one after the other, each with
    batch statistics of its own, as in the reference.

    Args:
        params: whether the detector learns, and whether it is asked at all.
        networks: what is run.
        inputs: frames, and what else the configuration needs.
        normalize: batch normalisation, over all ranks.
        precision: which parts compute in half precision.
    """
    kp_source = _detect(params, networks, inputs.source, normalize)
    kp_driving = _detect(params, networks, inputs.driving, normalize)
    if inputs.truth is not None and params.true_keypoints_only:
        # What was built gave the detector its parameters, and is never run.
        kp_source, kp_driving = inputs.truth.source, inputs.truth.driving
    with precision.images():
        encoded = networks.encoder(inputs.source, normalize)
    fed_source, fed_driving = _feed_truth(kp_source, kp_driving, inputs)
    motion = networks.motion(encoded.small, fed_source, fed_driving, normalize)
    with precision.images():
        decoded = networks.decoder(
            encoded, motion.deformation, motion.occlusion_map, motion.features, normalize
        )
    kp_transformed = None
    if inputs.transform is not None:
        transformed = inputs.transform.transform_frame(inputs.driving)
        kp_transformed = _detect(params, networks, transformed, normalize)
    # These are looked at after the step, when other intermediate results are gone.
    for variable in (decoded.prediction, kp_source.value, kp_driving.value):
        variable.persistent = True
    return ForwardOutputs(kp_source, kp_driving, kp_transformed, motion.deformation, decoded)


def _detect(
    params: TrainParams, networks: Networks, frames: nn.Variable, normalize: Normalize
) -> KeypointVariables:
    """Detect keypoints; a detector that is not trained costs no backward work.

    It goes on recording batch statistics, as in the reference.
    """
    detected = networks.keypoints(frames, normalize)
    if params.lr_kp_detector:
        return detected
    jacobian = None if detected.jacobian is None else stop_gradient(detected.jacobian)
    return KeypointVariables(stop_gradient(detected.value), jacobian)


def _feed_truth(
    kp_source: KeypointVariables, kp_driving: KeypointVariables, inputs: StepInputs
) -> tuple[KeypointVariables, KeypointVariables]:
    """Put true keypoints in the place of detected ones for the samples that are fed them."""
    if inputs.truth is None:
        return kp_source, kp_driving
    fed = inputs.truth.fed
    return (
        _choose(fed, inputs.truth.source, kp_source),
        _choose(fed, inputs.truth.driving, kp_driving),
    )


def _choose(
    fed: nn.Variable, truth: KeypointVariables, detected: KeypointVariables
) -> KeypointVariables:
    value = F.where(fed, truth.value, detected.value)
    if truth.jacobian is None or detected.jacobian is None:
        return KeypointVariables(value, None)
    return KeypointVariables(value, F.where(fed, truth.jacobian, detected.jacobian))
