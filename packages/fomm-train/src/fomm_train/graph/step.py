"""One training step: forward, backward and update, alternating generator and discriminator."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fomm_core.distributed import Communicator
from fomm_core.model.parameters import Parameters
from fomm_train.backend.precision import FIRST_SCALE, LossScale, Precision
from fomm_train.backend.solvers import Network, Schedule, Solver, SolverState
from fomm_train.config import TrainConfig
from fomm_train.data.batch import Batch
from fomm_train.errors import DivergenceError
from fomm_train.graph.averaging import AveragedParameters, Averages
from fomm_train.graph.inputs import teacher_forcing_probability
from fomm_train.graph.terms import Objective
from fomm_train.graph.training_graph import TrainingGraph


@dataclass(frozen=True)
class Loss:
    """The value of one loss.

    Attributes:
        name: the key of its weight in the configuration, or ``total_...``.
        value: weighted; the mean over the ranks.
    """

    name: str
    value: float


@dataclass(frozen=True)
class StepReport:
    """The losses of a step, and whether to go on.

    Attributes:
        losses: the generator's and the discriminator's, each with its total.
        stop: whether a rank has asked for the training to stop after this step; the same on all
            ranks.
    """

    losses: tuple[Loss, ...]
    stop: bool


class TrainingStep:
    """Runs steps on a graph; every rank calls it with its own share of the batch.

    Args:
        config: rates, seed and options.
        graph: built from the same configuration.
        communicator: the ranks.
        precision: the contexts that the graph was built with.
        total_steps: steps of the whole training, for the schedules.

    Attributes:
        operations: what computes.
        averages: of the parameters over the steps; ``None`` until :meth:`begin_averages`, and
            where they are not wanted.
    """

    def __init__(
        self,
        config: TrainConfig,
        graph: TrainingGraph,
        communicator: Communicator,
        precision: Precision,
        total_steps: int,
    ) -> None:
        self._params = config.train_params
        self._graph = graph
        self.operations = graph.operations
        self._communicator = communicator
        self._schedule = Schedule(config.train_params, total_steps)
        self._total_steps = total_steps
        with precision.everything():
            self.solvers = _make_solvers(graph)
        self.loss_scale = LossScale(FIRST_SCALE if precision.is_mixed else 1.0)
        self.arithmetic = precision.arithmetic
        self._is_mixed = precision.is_mixed
        self.averages: AveragedParameters | None = None

    def begin_averages(self, saved: Averages | None) -> None:
        """Average the parameters from now on, where the configuration wants it.

        Args:
            saved: the averages to go on with; ``None`` to begin with the present values.
        """
        if self._params.averaging_decay:
            self.averages = AveragedParameters(self._graph.operations, saved)

    def run(self, batch: Batch, epoch: int, step: int, stop: bool = False) -> StepReport:
        """Train on one batch.

        Args:
            batch: this rank's samples.
            epoch: of this step, counted from 0.
            step: its number in the whole training, counted from 0.
            stop: whether this rank asks to stop.

        Raises:
            DivergenceError: a loss is NaN or infinite; no parameter was changed by it.
            ConfigError: the data set does not know what the losses need.
        """
        probability = teacher_forcing_probability(self._params, step, self._total_steps)
        self._graph.inputs.set(batch, self._params, probability)
        alone = self._graph.generator_alone
        if step >= self._params.adversarial_from * self._total_steps:
            alone = None
        losses, wanted = self._minimise(
            "total_generator",
            alone or self._graph.generator,
            (Network.GENERATOR, Network.KP_DETECTOR),
            (epoch, step),
            stop,
        )
        if self._graph.discriminator is not None and alone is None:
            more, _ = self._minimise(
                "total_discriminator",
                self._graph.discriminator,
                (Network.DISCRIMINATOR,),
                (epoch, step),
            )
            losses += more
        if self.averages is not None:
            self.averages.update(self._params.averaging_decay)
        return StepReport(losses, wanted)

    def observe(self, batch: Batch) -> None:
        """Compute the networks on a batch and the keypoints detected in it; train nothing.

        Running statistics record it, as every forward pass.

        Raises:
            ValueError: the configuration has no ``statistics_batches``.
        """
        if self._graph.forward is None:
            raise ValueError("statistics_batches: expected 1 or more, found 0")
        self._graph.inputs.set(batch, self._params, teacher_forcing_probability=0.0)
        outputs = self._graph.forward()
        self._graph.operations.forward(*outputs.detections(), outputs.decoded.prediction)

    def exported_parameters(self) -> Parameters:
        """Copies of what is learnt: averages where they are wanted, else the present values."""
        averages = {} if self.averages is None else self.averages.read().values
        return {**self._graph.networks.values(), **averages}

    def solver_states(self) -> dict[Network, SolverState]:
        """Copies of the solvers' states."""
        return {network: solver.state() for network, solver in self.solvers.items()}

    def _minimise(
        self,
        total_name: str,
        compute: Callable[[], Objective],
        networks: tuple[Network, ...],
        moment: tuple[int, int],
        stop: bool = False,
    ) -> tuple[tuple[Loss, ...], bool]:
        """Improve networks on an objective; its losses, and whether a rank wants to stop."""
        epoch, step = moment
        ops = self._graph.operations
        solvers = [self.solvers[network] for network in networks]
        with np.errstate(all="ignore"):  # what is not finite is found by the checks
            objective = compute()
            ops.forward(*objective.detections, objective.total)
            losses, wanted = self._share_losses(total_name, objective, stop)
            _check_finite(losses, epoch, step)
            for solver in solvers:
                solver.zero_grad()
            ops.backward(objective.total, self.loss_scale.scale)
        ops.average_gradients(self._communicator, solvers)
        if self._is_mixed and not self._unscale(solvers):
            return losses, wanted
        for solver in solvers:
            solver.update(self._schedule.rate(solver.network, epoch, step))
        return losses, wanted

    def _share_losses(
        self, total_name: str, objective: Objective, stop: bool
    ) -> tuple[tuple[Loss, ...], bool]:
        """Average the losses over the ranks, and hear whether one wants to stop."""
        names = [total_name, *(term.name for term in objective.terms)]
        tensors = [objective.total, *(term.value for term in objective.terms)]
        read = self._graph.operations.read
        values = np.array([*(float(read(t)) for t in tensors), float(stop)])
        self._communicator.all_reduce_sum(values)
        means = values[:-1] / self._communicator.size
        losses = tuple(Loss(n, float(v)) for n, v in zip(names, means, strict=True))
        return losses, bool(values[-1] > 0)

    def _unscale(self, solvers: list[Solver]) -> bool:
        """Undo the loss scaling of the gradients; false where they overflowed."""
        finite = all(solver.gradients_are_finite() for solver in solvers)
        if finite:
            for solver in solvers:
                solver.scale_grad(1 / self.loss_scale.scale)
        self.loss_scale = self.loss_scale.after(finite)
        return finite


def _make_solvers(graph: TrainingGraph) -> dict[Network, Solver]:
    """A solver for each network that is trained."""
    trained = [Network.GENERATOR, Network.KP_DETECTOR]
    if graph.discriminator is not None:
        trained.append(Network.DISCRIMINATOR)
    return {network: graph.operations.make_solver(network) for network in trained}


def _check_finite(losses: tuple[Loss, ...], epoch: int, step: int) -> None:
    """Stop before NaN or infinite losses reach the parameters."""
    if all(math.isfinite(loss.value) for loss in losses):
        return
    values = ", ".join(f"{loss.name} {loss.value:.6g}" for loss in losses)
    raise DivergenceError(
        f"step {step + 1} (epoch {epoch}): expected finite losses, found {values}", step + 1
    )
