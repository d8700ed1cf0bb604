"""Adam in NNabla."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nnabla as nn
import nnabla.solvers as S
import numpy as np

from fomm_core.errors import ParameterError
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import atomic_path
from fomm_train.backend.solvers import BETA1, BETA2, Moments, Network, Solver, SolverState

_MOMENTS = ("mean", "var")


class NNablaSolver(Solver):
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
        self._adam.zero_grad()

    def scale_grad(self, factor: float) -> None:
        self._adam.scale_grad(factor)

    def gradients_are_finite(self) -> bool:
        return not self._adam.check_inf_or_nan_grad()

    def update(self, learning_rate: float) -> None:
        self._adam.set_learning_rate(learning_rate)
        self._adam.update()

    def state(self) -> SolverState:
        found = {}
        for name, state in self._adam.get_states().items():
            mean, variance = (np.array(state.pstate[key].d, np.float32) for key in _MOMENTS)
            found[name] = Moments(mean, variance, int(state.t))
        return found

    def restore(self, saved: SolverState) -> None:
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
        with atomic_path(path) as partial:
            self._adam.save_states(str(partial))


def _set(variable: nn.Variable, value: FloatArray, name: str) -> None:
    if tuple(variable.shape) != value.shape:
        raise ParameterError(
            f"solver state of {name}: expected shape {tuple(variable.shape)}, found {value.shape}"
        )
    variable.d = value
