"""The inputs of the training graph: set anew for every step, built once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
    """

    source: KeypointVariables
    driving: KeypointVariables
    regions: Tensor
    foreground: Tensor
    teacher_forcing: Tensor

    @classmethod
    def create(cls, ops: TrainingOperations, config: TrainConfig, batch: int) -> TruthVariables:
        """Make the inputs for batches of a given size."""
        return cls(
            _keypoint_inputs(ops, config, batch),
            _keypoint_inputs(ops, config, batch),
            _input(ops, batch, 1, *config.frame_size),
            _input(ops, batch, 1, *config.frame_size),
            _input(ops, batch),
        )

    def set(
        self, ops: TrainingOperations, truth: Truth, teacher_forcing: npt.NDArray[np.float32]
    ) -> None:
        """Use this truth in the next forward pass."""
        ops.write(self.source.value, truth.source_value)
        ops.write(self.driving.value, truth.driving_value)
        if self.source.jacobian is not None and self.driving.jacobian is not None:
            ops.write(self.source.jacobian, truth.source_jacobian)
            ops.write(self.driving.jacobian, truth.driving_jacobian)
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
    """

    operations: TrainingOperations
    source: Tensor
    driving: Tensor
    target: Tensor
    transform: TransformVariables | None
    truth: TruthVariables | None

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
        if self.transform is not None:
            self.transform.set(
                ops, RandomTransform.draw(batch.sample_ids, params.seed, params.transform_params)
            )
        if self.truth is not None:
            if batch.truth is None:
                raise ValueError("batch: expected one with the truth, found one without")
            forced = draw_teacher_forcing(
                batch.sample_ids, params.seed, teacher_forcing_probability
            )
            self.truth.set(ops, batch.truth, forced)


def needs_transform(config: TrainConfig) -> bool:
    """Whether a loss compares keypoints under a known transformation."""
    weights = config.train_params.loss_weights
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
            weights.background_supervision,
        )
    )
    forced = params.true_keypoints_only or params.true_keypoints_until > 0
    return supervised or forced or params.region_weight != 1


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


def _input(ops: TrainingOperations, *shape: int) -> Tensor:
    """A tensor to be written before each step."""
    return ops.constant(np.zeros(shape, dtype=np.float32))
