"""The training graph: networks and losses joined, and run at every step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fomm_core.network.graph import Networks
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import TrainConfig
from fomm_train.graph.forward import ForwardOutputs, Predictions, forward
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.objectives import (
    discriminator_objective,
    generator_objective,
    trains_discriminator,
)
from fomm_train.graph.terms import Objective
from fomm_train.losses.vgg19 import Vgg19


class TrainingGraph:
    """Everything that a step runs.

    Args:
        config: networks, losses and batch size per rank.
        ops: what computes and holds the parameters; no other networks' so far.
        vgg: needed where the perceptual loss is on.
        precision: which parts compute in half precision.

    Attributes:
        config: what it was built from.
        operations: what computes.
        networks: the networks, whose parameters include the discriminator's.
        inputs: to be set before a step.
        outputs: of the networks for the last of these that was called.
        generator: gives what generator and keypoint detector minimise.
        generator_alone: the same without a discriminator; ``None`` where the two play against
            each other from the first step.
        forward: gives the networks' outputs without any loss; ``None`` where nobody asks for
            statistics of batches.
        discriminator: gives what the discriminator minimises, on the predictions of the last
            :attr:`generator`; ``None`` where it is not trained.

    Raises:
        ConfigError: no loss is on, or one cannot work with these networks.
    """

    outputs: ForwardOutputs

    def __init__(
        self,
        config: TrainConfig,
        ops: TrainingOperations,
        vgg: Vgg19 | None,
        precision: Precision,
    ) -> None:
        self.config = config
        self.operations = ops
        self.networks = Networks(config, ops)
        self._vgg = vgg
        self._precision = precision
        with precision.everything():
            self.inputs = StepInputs.create(ops, config)
        if config.train_params.true_keypoints_only:
            # The detector is part of the model, though it is never run.
            ops.record(lambda: self.networks.keypoints(self.inputs.source))
        self.generator_alone = (
            self._record(adversarial=False) if config.train_params.adversarial_from else None
        )
        self.generator = self._record(adversarial=True)
        self.forward = ops.record(self._forward) if config.train_params.statistics_batches else None
        self.discriminator = (
            ops.record(self._discriminator) if trains_discriminator(config) else None
        )

    def predictions(self) -> Predictions:
        """Frames and keypoints of the last step."""
        return self.outputs.read(self.operations)

    def _record(self, adversarial: bool) -> Callable[[], Objective]:
        """Make what gives the generator's objective and leaves its :attr:`outputs`."""
        compute = self.operations.record(partial(self._generator, adversarial))

        def generator() -> Objective:
            self.outputs, objective = compute()
            return objective

        return generator

    def _forward(self) -> ForwardOutputs:
        params, precision = self.config.train_params, self._precision
        with precision.everything():
            return forward(self.operations, params, self.networks, self.inputs, precision)

    def _generator(self, adversarial: bool) -> tuple[ForwardOutputs, Objective]:
        ops, config, precision = self.operations, self.config, self._precision
        self.outputs = self._forward()
        with precision.everything():
            objective = generator_objective(
                ops, config, self.inputs, self.outputs, self._vgg, precision, adversarial
            )
        return self.outputs, objective

    def _discriminator(self) -> Objective:
        with self._precision.everything():
            return discriminator_objective(
                self.operations, self.config, self.inputs, self.outputs, self._precision
            )


def build_graph(
    config: TrainConfig, ops: TrainingOperations, vgg: Vgg19 | None, precision: Precision
) -> TrainingGraph:
    """Build the graph of a training step, with freshly drawn parameters.

    The draw depends on ``train_params.seed`` alone, so that all ranks start equal.

    Args, raises: as for :class:`TrainingGraph`.
    """
    ops.seed_parameters(config.train_params.seed)
    return TrainingGraph(config, ops, vgg, precision)
