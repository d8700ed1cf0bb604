"""The inputs of the training graph: set anew for every step, built once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.network.operations import Tensor
from fomm_core.utils.rng import make_rng
from fomm_train.backend.base import TrainingOperations
from fomm_train.config import TrainConfig, TrainParams
from fomm_train.data.batch import Batch, IdArray, Truth
from fomm_train.losses.transforms import RandomTransform, TransformVariables
from fomm_train.losses.weighting import is_on

# Keeps these draws apart from all others that derive from the same seed and sample.
_PURPOSE = int.from_bytes(b"true keypoints", "big")


@dataclass(frozen=True, eq=False)
class TruthVariables:
    """The truth that a drawn data set knows, as inputs.

    Attributes:
        source, driving: true keypoints, value (B, K, 2) and jacobian (B, K, 2, 2).
        regions: (B, 1, H, W) in [0, 1], 1 on eyes and mouth of the target.
        foreground: (B, 1, H, W) in [0, 1], 0 where the target shows background.
        teacher_forcing: (B,), 1 where the networks are given the true keypoints instead of
            detected ones.
        reference: true keypoints of the reference frame; ``None`` where motion is absolute.
        target: those of the target frame; ``None`` where no loss needs them.
        visible: (B, K, 1), 0 for keypoints of the target that the transformation moves out of
            the frame; ``None`` where no loss needs it.
    """

    source: KeypointVariables
    driving: KeypointVariables
    regions: Tensor
    foreground: Tensor
    teacher_forcing: Tensor
    reference: KeypointVariables | None = None
    target: KeypointVariables | None = None
    visible: Tensor | None = None

    @classmethod
    def create(cls, ops: TrainingOperations, config: TrainConfig, batch: int) -> TruthVariables:
        """Make the inputs for batches of a given size."""
        params = config.train_params
        transformed = params.loss_weights.supervise_transformed
        return cls(
            _keypoint_inputs(ops, config, batch),
            _keypoint_inputs(ops, config, batch),
            _input(ops, batch, 1, *config.frame_size),
            _input(ops, batch, 1, *config.frame_size),
            _input(ops, batch),
            _keypoint_inputs(ops, config, batch) if params.relative_motion else None,
            _keypoint_inputs(ops, config, batch) if transformed or params.relative_motion else None,
            _input(ops, batch, config.model_params.common_params.num_kp, 1)
            if transformed
            else None,
        )

    def set(
        self,
        ops: TrainingOperations,
        truth: Truth,
        teacher_forcing: npt.NDArray[np.float32],
        transform: RandomTransform | None,
    ) -> None:
        """Use this truth in the next forward pass.

        Args:
            ops: what writes it.
            truth: of the batch.
            teacher_forcing: (B,), 1 where true keypoints are used.
            transform: of the detector's frame, where there is one.
        """
        _write(ops, self.source, truth.source_value, truth.source_jacobian)
        _write(ops, self.driving, truth.driving_value, truth.driving_jacobian)
        _write(ops, self.reference, truth.reference_value, truth.reference_jacobian)
        _write(ops, self.target, truth.target_value, truth.target_jacobian)
        if self.visible is not None and transform is not None and truth.target_value is not None:
            ops.write(self.visible, transform.shows(truth.target_value)[..., None])
        ops.write(self.regions, truth.regions)
        ops.write(self.foreground, truth.foreground)
        ops.write(self.teacher_forcing, teacher_forcing)


@dataclass(frozen=True, eq=False)
class StepInputs:
    """Everything that a step is given.

    Attributes:
        operations: what writes them.
        source, driving, target: (B, C, H, W) in [0, 1].
        transform: of the equivariance losses; ``None`` where both are off.
        truth: ``None`` where nothing in the configuration needs it.
        reference: (B, C, H, W), the driving identity in the source's pose; ``None`` where
            motion is absolute.
        detector_frame: (B, C, H, W), from which the detector alone learns; ``None`` where no
            loss needs it.
    """

    operations: TrainingOperations
    source: Tensor
    driving: Tensor
    target: Tensor
    transform: TransformVariables | None
    truth: TruthVariables | None
    reference: Tensor | None = None
    detector_frame: Tensor | None = None

    @classmethod
    def create(cls, ops: TrainingOperations, config: TrainConfig) -> StepInputs:
        """Make the inputs that the configuration's losses need."""
        params = config.train_params
        height, width, channels = config.dataset_params.frame_shape
        batch = params.batch_size
        shape = (batch, channels, height, width)
        return cls(
            ops,
            _input(ops, *shape),
            _input(ops, *shape),
            _input(ops, *shape),
            TransformVariables.create(ops, batch, params.transform_params)
            if needs_transform(config)
            else None,
            TruthVariables.create(ops, config, batch) if needs_truth(params) else None,
            _input(ops, *shape) if params.relative_motion else None,
            _input(ops, *shape) if params.loss_weights.supervise_transformed else None,
        )

    def set(self, batch: Batch, params: TrainParams, teacher_forcing_probability: float) -> None:
        """Use this batch in the next forward pass.

        Args:
            batch: B samples.
            params: seed and strengths of what is random about each sample.
            teacher_forcing_probability: of giving the networks a sample's true keypoints.

        Raises:
            ValueError: the configuration needs the truth, and the batch has none.
        """
        ops = self.operations
        ops.write(self.source, batch.source)
        ops.write(self.driving, batch.driving)
        ops.write(self.target, batch.target)
        for own, frames in (
            (self.reference, batch.reference),
            (self.detector_frame, batch.detector_frame),
        ):
            if own is not None:
                ops.write(own, _known(frames))
        transform = None
        if self.transform is not None:
            transform = RandomTransform.draw(batch.sample_ids, params.seed, params.transform_params)
            self.transform.set(ops, transform)
        if self.truth is not None:
            if batch.truth is None:
                raise ValueError("batch: expected one with the truth, found one without")
            forced = draw_teacher_forcing(
                batch.sample_ids, params.seed, teacher_forcing_probability
            )
            self.truth.set(ops, batch.truth, forced, transform)


def needs_transform(config: TrainConfig) -> bool:
    """Whether a loss compares keypoints under a known transformation."""
    weights = config.train_params.loss_weights
    if weights.supervise_transformed:
        return True
    jacobian = config.model_params.common_params.estimate_jacobian
    return is_on(weights.equivariance_value) or (jacobian and is_on(weights.equivariance_jacobian))


def needs_truth(params: TrainParams) -> bool:
    """Whether anything in the training needs what only a drawn data set knows."""
    weights = params.loss_weights
    supervised = any(
        is_on(weight)
        for weight in (
            weights.keypoint_supervision,
            weights.jacobian_supervision,
            weights.transformed_keypoints,
            weights.transformed_jacobians,
            weights.background_supervision,
        )
    )
    forced = params.true_keypoints_only or params.true_keypoints_until > 0
    return supervised or forced or params.relative_motion or params.region_weight != 1


def teacher_forcing_probability(params: TrainParams, step: int, total_steps: int) -> float:
    """Probability of using true keypoints: from 1 down to 0 over the first share of steps."""
    last = params.true_keypoints_until * total_steps
    return max(0.0, 1 - step / last) if last else 0.0


def draw_teacher_forcing(
    sample_ids: IdArray, seed: int, probability: float
) -> npt.NDArray[np.float32]:
    """Draw for each sample whether its true keypoints are used; (B,) of 0 and 1."""
    draws = [make_rng(seed, _PURPOSE, int(sample)).random() for sample in sample_ids]
    return (np.array(draws) < probability).astype(np.float32)


def _keypoint_inputs(ops: TrainingOperations, config: TrainConfig, batch: int) -> KeypointVariables:
    common = config.model_params.common_params
    value = _input(ops, batch, common.num_kp, 2)
    if not common.estimate_jacobian:
        return KeypointVariables(value, None)
    return KeypointVariables(value, _input(ops, batch, common.num_kp, 2, 2))


def _write(
    ops: TrainingOperations,
    own: KeypointVariables | None,
    value: FloatArray | None,
    jacobian: FloatArray | None,
) -> None:
    """Set keypoints that are needed; the data must know them."""
    if own is None:
        return
    ops.write(own.value, _known(value))
    if own.jacobian is not None:
        ops.write(own.jacobian, _known(jacobian))


def _known(array: FloatArray | None) -> FloatArray:
    if array is None:
        raise ValueError("batch: expected all that the losses need, found a part missing")
    return array


def _input(ops: TrainingOperations, *shape: int) -> Tensor:
    """A tensor to be written before each step."""
    return ops.constant(np.zeros(shape, dtype=np.float32))
