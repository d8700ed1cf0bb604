"""The training graph: networks and losses joined, built once and run at every step."""

from __future__ import annotations

from dataclasses import dataclass

from fomm_core.network.graph import Networks
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import TrainConfig
from fomm_train.graph.forward import ForwardOutputs, Predictions, forward
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.objectives import Objective, discriminator_objective, generator_objective
from fomm_train.losses.vgg19 import Vgg19


@dataclass(frozen=True, eq=False)
class TrainingGraph:
    """Everything that a step runs.

    Attributes:
        config: what it was built from.
        operations: what computes.
        networks: the networks, whose parameters include the discriminator's.
        inputs: to be set before a step.
        outputs: to be looked at after a step.
        generator: what generator and keypoint detector minimise.
        discriminator: what the discriminator minimises, computed from the predictions of the
            generator's last forward pass; ``None`` where it is not trained.
    """

    config: TrainConfig
    operations: TrainingOperations
    networks: Networks
    inputs: StepInputs
    outputs: ForwardOutputs
    generator: Objective
    discriminator: Objective | None

    def predictions(self) -> Predictions:
        """Frames and keypoints of the last step."""
        return self.outputs.read(self.operations)


def build_graph(
    config: TrainConfig, ops: TrainingOperations, vgg: Vgg19 | None, precision: Precision
) -> TrainingGraph:
    """Build the graph of a training step, with freshly drawn parameters.

    The draw depends on ``train_params.seed`` alone, so that all ranks start equal.

    Args:
        config: networks, losses and batch size per rank.
        ops: what computes and holds the parameters; no other networks' so far.
        vgg: needed where the perceptual loss is on.
        precision: which parts compute in half precision.

    Raises:
        ConfigError: no loss is on, or one cannot work with these networks.
    """
    ops.seed_parameters(config.train_params.seed)
    with precision.everything():
        networks = Networks(config, ops)
        inputs = StepInputs.create(ops, config)
        outputs = forward(ops, config.train_params, networks, inputs, precision)
        generator = generator_objective(ops, config, inputs, outputs, vgg, precision)
        discriminator = discriminator_objective(ops, config, inputs, outputs, precision)
    return TrainingGraph(config, ops, networks, inputs, outputs, generator, discriminator)
