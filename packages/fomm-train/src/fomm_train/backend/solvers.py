"""The three Adam solvers, their learning rates over the training, and their states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import nnabla as nn
import nnabla.solvers as S
import numpy as np

from fomm_core.errors import ParameterError
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import atomic_path
from fomm_train.config import TrainParams

BETA1 = 0.5
BETA2 = 0.999
_MOMENTS = ("mean", "var")


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


class Solver:
    """Adam for the trained parameters of one network.

    Args:
        network: which one.
        parameters: parameters of all networks by name; others' and untrained ones are left out.
    """

    def __init__(self, network: Network, parameters: Mapping[str, nn.Variable]) -> None:
        self.network = network
        own = {
            name: variable
            for name, variable in parameters.items()
            if name.startswith(f"{network.value}/") and variable.need_grad
        }
        self._adam = S.Adam(beta1=BETA1, beta2=BETA2)
        self._adam.set_parameters(own)
        self.gradients = [variable.grad for variable in own.values()]

    def zero_grad(self) -> None:
        """Forget the gradients of the last step."""
        self._adam.zero_grad()

    def scale_grad(self, factor: float) -> None:
        """Multiply all gradients."""
        self._adam.scale_grad(factor)

    def gradients_are_finite(self) -> bool:
        """Whether no gradient is NaN or infinite."""
        return not self._adam.check_inf_or_nan_grad()

    def update(self, learning_rate: float) -> None:
        """Change the parameters by their gradients."""
        self._adam.set_learning_rate(learning_rate)
        self._adam.update()

    def state(self) -> SolverState:
        """Copies of the moments."""
        found = {}
        for name, state in self._adam.get_states().items():
            mean, variance = (np.array(state.pstate[key].d, np.float32) for key in _MOMENTS)
            found[name] = Moments(mean, variance, int(state.t))
        return found

    def restore(self, saved: SolverState) -> None:
        """Go on from saved moments.

        Raises:
            ParameterError: they are those of other parameters.
        """
        states = self._adam.get_states()
        if set(states) != set(saved):
            odd = min(set(states) ^ set(saved))
            raise ParameterError(
                f"solver of the {self.network.value}: the state and the networks differ at {odd}"
            )
        for name, state in states.items():
            moments = saved[name]
            for key, value in zip(_MOMENTS, (moments.mean, moments.variance), strict=True):
                _set(state.pstate[key], value, name)
            state.t = moments.steps
        self._adam.set_states(states)

    def save(self, path: Path) -> None:
        """Write the state in NNabla's own format (``Solver.load_states`` reads it).

        Raises:
            OutputError: it cannot be written.
        """
        with atomic_path(path) as partial:
            self._adam.save_states(str(partial))


def _set(variable: nn.Variable, value: FloatArray, name: str) -> None:
    if tuple(variable.shape) != value.shape:
        raise ParameterError(
            f"solver state of {name}: expected shape {tuple(variable.shape)}, found {value.shape}"
        )
    variable.d = value
