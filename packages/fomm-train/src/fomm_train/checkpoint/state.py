"""The state of a training: all that the next step depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fomm_core.model.parameters import Parameters
from fomm_train.backend.precision import Arithmetic, LossScale
from fomm_train.backend.solvers import Network, SolverState
from fomm_train.graph.averaging import Averages


@dataclass(frozen=True)
class Progress:
    """Progress of a training.

    Attributes:
        step: steps done since epoch 0; the next step has this number, counted from 0.
        steps_per_epoch: steps of one epoch.
        global_batch: samples of one step, all ranks together.
    """

    step: int
    steps_per_epoch: int
    global_batch: int

    @property
    def epoch(self) -> int:
        """The epoch of the next step, counted from 0."""
        return self.step // self.steps_per_epoch

    @property
    def batch(self) -> int:
        """The place of the next step in its epoch, counted from 0."""
        return self.step % self.steps_per_epoch


@dataclass(frozen=True)
class PendingMean:
    """The values of a series since its last line in the log.

    Attributes:
        total: their sum.
        count: their number.
    """

    total: float = 0.0
    count: int = 0

    @property
    def mean(self) -> float:
        """Their mean."""
        return self.total / self.count

    def plus(self, value: float) -> PendingMean:
        """With one more value."""
        return PendingMean(self.total + value, self.count + 1)


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A moment of a training, between two steps.

    Attributes:
        progress: how far it is.
        parameters: of all networks, running statistics included.
        solvers: the solvers' states; a network that is not trained has none.
        series: what the logs have not yet written.
        loss_scale: loss scaling of mixed precision.
        arithmetic: precision and layout of the computations.
        averages: of the parameters over the steps, where they are wanted.
    """

    progress: Progress
    parameters: Parameters
    solvers: Mapping[Network, SolverState]
    series: Mapping[str, PendingMean] = field(default_factory=dict)
    loss_scale: LossScale = field(default_factory=LossScale)
    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    averages: Averages | None = None

    def non_finite(self) -> str | None:
        """The name of a parameter that holds NaN or infinite values, if there is one."""
        for name, value in self.parameters.items():
            if not np.isfinite(value).all():
                return name
        return None
