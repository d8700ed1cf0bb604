"""The three Adam solvers, their learning rates over the training, and their states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from fomm_core.motion.keypoints import FloatArray
from fomm_train.config import TrainParams

BETA1 = 0.5
BETA2 = 0.999


class Network(str, Enum):
    """The networks that are trained; the values are the first parts of parameter names."""

    GENERATOR = "generator"
    KP_DETECTOR = "kp_detector"
    DISCRIMINATOR = "discriminator"


@dataclass(frozen=True)
class Schedule:
    """Learning rates over a training.

    Attributes:
        params: base rates, milestones and the geometric decay.
        total_steps: steps of the whole training.
    """

    params: TrainParams
    total_steps: int

    def rate(self, network: Network, epoch: int, step: int) -> float:
        """Learning rate of the step with number ``step`` (from 0) in ``epoch`` (from 0)."""
        base = {
            Network.GENERATOR: self.params.lr_generator,
            Network.KP_DETECTOR: self.params.lr_kp_detector,
            Network.DISCRIMINATOR: self.params.lr_discriminator,
        }[network]
        passed = sum(epoch >= milestone for milestone in self.params.epoch_milestones)
        return base * 0.1**passed * self._decay(step)

    def _decay(self, step: int) -> float:
        """1 until ``decay_from`` of all steps, then geometrically down to ``decay_to``."""
        start = self.params.decay_from * self.total_steps
        if step <= start or self.total_steps <= start:
            return 1.0
        progress = min(1.0, (step - start) / (self.total_steps - start))
        return float(self.params.decay_to**progress)


@dataclass(frozen=True, eq=False)
class Moments:
    """State of Adam for one parameter.

    Attributes:
        mean, variance: running moments of its gradient, of the parameter's shape.
        steps: number of updates so far.
    """

    mean: FloatArray
    variance: FloatArray
    steps: int


SolverState = dict[str, Moments]
"""The moments of all parameters of one network, by parameter name."""


class Solver(ABC):
    """Adam for the trained parameters of one network.

    Attributes:
        network: which one.
        gradients: of each parameter, as the backend keeps them.
    """

    network: Network
    gradients: Sequence[Any]

    @abstractmethod
    def zero_grad(self) -> None:
        """Forget the gradients of the last step."""

    @abstractmethod
    def scale_grad(self, factor: float) -> None:
        """Multiply all gradients."""

    @abstractmethod
    def gradients_are_finite(self) -> bool:
        """Whether no gradient is NaN or infinite."""

    @abstractmethod
    def update(self, learning_rate: float) -> None:
        """Change the parameters by their gradients."""

    @abstractmethod
    def state(self) -> SolverState:
        """Copies of the moments."""

    @abstractmethod
    def restore(self, saved: SolverState) -> None:
        """Go on from saved moments.

        Raises:
            ParameterError: they are those of other parameters.
        """

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the state in NNabla's own format (``nnabla.solvers`` reads it).

        Raises:
            OutputError: it cannot be written.
        """
