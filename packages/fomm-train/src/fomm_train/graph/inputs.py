"""The inputs of the training graph: set anew for every step, built once."""

from __future__ import annotations

from dataclasses import dataclass

import nnabla as nn
import numpy as np
import numpy.typing as npt

from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_core.utils.rng import make_rng
from fomm_train.config import TrainConfig, TrainParams
from fomm_train.data.batch import Batch, IdArray, Truth
from fomm_train.losses.equivariance import RandomTransform, TransformVariables
from fomm_train.losses.weighting import is_on

# Keeps these draws apart from all others that derive from the same seed and sample.
_PURPOSE = int.from_bytes(b"true keypoints", "big")


@dataclass(frozen=True, eq=False)
class TruthVariables:
    """What a drawn data set knows, as inputs.

    Attributes:
        source, driving: true keypoints, value (B, K, 2) and jacobian (B, K, 2, 2).
        regions: (B, 1, H, W) in [0, 1], 1 on eyes and mouth of the target.
        figure: (B, 1, H, W) in [0, 1], 0 where the target shows background.
        fed: (B,), 1 where the networks are fed the true keypoints instead of detected ones.
    """

    source: KeypointVariables
    driving: KeypointVariables
    regions: nn.Variable
    figure: nn.Variable
    fed: nn.Variable

    @classmethod
    def create(cls, config: TrainConfig, batch: int) -> TruthVariables:
        """Make the inputs for batches of a given size."""
        return cls(
            _keypoint_inputs(config, batch),
            _keypoint_inputs(config, batch),
            nn.Variable((batch, 1, *config.frame_size)),
            nn.Variable((batch, 1, *config.frame_size)),
            nn.Variable((batch,)),
        )

    def set(self, truth: Truth, fed: npt.NDArray[np.float32]) -> None:
        """Use this truth in the next forward pass."""
        self.source.value.d = truth.source_value
        self.driving.value.d = truth.driving_value
        if self.source.jacobian is not None and self.driving.jacobian is not None:
            self.source.jacobian.d = truth.source_jacobian
            self.driving.jacobian.d = truth.driving_jacobian
        self.regions.d = truth.regions
        self.figure.d = truth.figure
        self.fed.d = fed


@dataclass(frozen=True, eq=False)
class StepInputs:
    """Everything that a step is given.

    Attributes:
        source, driving, target: (B, C, H, W) in [0, 1].
        transform: of the equivariance losses; ``None`` where both are off.
        truth: ``None`` where nothing in the configuration needs it.
    """

    source: nn.Variable
    driving: nn.Variable
    target: nn.Variable
    transform: TransformVariables | None
    truth: TruthVariables | None

    @classmethod
    def create(cls, config: TrainConfig) -> StepInputs:
        """Make the inputs that the configuration's losses need."""
        params = config.train_params
        height, width, channels = config.dataset_params.frame_shape
        batch = params.batch_size
        shape = (batch, channels, height, width)
        return cls(
            nn.Variable(shape),
            nn.Variable(shape),
            nn.Variable(shape),
            TransformVariables.create(batch, params.transform_params)
            if needs_transform(config)
            else None,
            TruthVariables.create(config, batch) if needs_truth(params) else None,
        )

    def set(self, batch: Batch, params: TrainParams, teacher_forcing_probability: float) -> None:
        """Use this batch in the next forward pass.

        Args:
            batch: B samples.
            params: seed and strengths of what is random about each sample.
            teacher_forcing_probability: of feeding a sample's true keypoints to the networks.

        Raises:
            ValueError: the configuration needs the truth, and the batch has none.
        """
        self.source.d = batch.source
        self.driving.d = batch.driving
        self.target.d = batch.target
        if self.transform is not None:
            self.transform.set(
                RandomTransform.draw(batch.sample_ids, params.seed, params.transform_params)
            )
        if self.truth is not None:
            if batch.truth is None:
                raise ValueError("batch: expected one with the truth, found one without")
            fed = draw_teacher_forcing(batch.sample_ids, params.seed, teacher_forcing_probability)
            self.truth.set(batch.truth, fed)


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
    fed = params.true_keypoints_only or params.true_keypoints_until > 0
    return supervised or fed or params.region_weight != 1


def teacher_forcing_probability(params: TrainParams, step: int, total_steps: int) -> float:
    """Probability of feeding true keypoints: from 1 down to 0 over the first share of steps."""
    last = params.true_keypoints_until * total_steps
    return max(0.0, 1 - step / last) if last else 0.0


def draw_teacher_forcing(
    sample_ids: IdArray, seed: int, probability: float
) -> npt.NDArray[np.float32]:
    """Draw for each sample whether its true keypoints are fed; (B,) of 0 and 1."""
    draws = [make_rng(seed, _PURPOSE, int(sample)).random() for sample in sample_ids]
    return (np.array(draws) < probability).astype(np.float32)


def _keypoint_inputs(config: TrainConfig, batch: int) -> KeypointVariables:
    common = config.model_params.common_params
    value = nn.Variable((batch, common.num_kp, 2))
    if not common.estimate_jacobian:
        return KeypointVariables(value, None)
    return KeypointVariables(value, nn.Variable((batch, common.num_kp, 2, 2)))
