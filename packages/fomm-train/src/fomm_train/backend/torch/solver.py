"""Adam in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import torch

from fomm_core.errors import ParameterError
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import atomic_path
from fomm_train.backend.solvers import BETA1, BETA2, Moments, Network, Solver, SolverState

_EPSILON = 1e-8


class TorchSolver(Solver):
    """Adam for the trained parameters of one network.

    Args:
        network: which one.
        parameters: parameters of all networks by name; others' and untrained ones are left out.
    """

    def __init__(self, network: Network, parameters: Mapping[str, torch.Tensor]) -> None:
        self.network = network
        self._own = {
            name: value
            for name, value in parameters.items()
            if name.startswith(f"{network.value}/") and value.requires_grad
        }
        self._adam = torch.optim.Adam(self._own.values(), betas=(BETA1, BETA2), fused=True)
        self._steps = 0
        for value in self._own.values():
            self._adam.state[value] = {
                "step": torch.zeros((), dtype=torch.float32, device=value.device),
                "exp_avg": torch.zeros_like(value),
                "exp_avg_sq": torch.zeros_like(value),
            }

    @property
    def gradients(self) -> list[torch.Tensor]:  # type: ignore[override]
        """Of each parameter; those that no loss has reached are 0."""
        found = []
        for value in self._own.values():
            if value.grad is None:
                value.grad = torch.zeros_like(value)
            found.append(value.grad)
        return found

    def zero_grad(self) -> None:
        self._adam.zero_grad()

    def scale_grad(self, factor: float) -> None:
        torch._foreach_mul_(self.gradients, factor)

    def gradients_are_finite(self) -> bool:
        norms = torch._foreach_norm(self.gradients)
        return bool(torch.isfinite(torch.stack(norms)).all())

    def update(self, learning_rate: float) -> None:
        self._steps += 1
        (group,) = self._adam.param_groups
        group["lr"] = learning_rate
        # NNabla adds epsilon to the root of the variance before its bias is corrected.
        group["eps"] = _EPSILON / math.sqrt(1 - BETA2**self._steps)
        _ = self.gradients
        self._adam.step()

    def state(self) -> SolverState:
        found = {}
        for name, value in self._own.items():
            state = self._adam.state[value]
            mean, variance = (_copy(state[key]) for key in ("exp_avg", "exp_avg_sq"))
            found[name] = Moments(mean, variance, self._steps)
        return found

    def restore(self, saved: SolverState) -> None:
        if set(self._own) != set(saved):
            odd = min(set(self._own) ^ set(saved))
            raise ParameterError(
                f"solver of the {self.network.value}: the state and the networks differ at {odd}"
            )
        for name, value in self._own.items():
            state, moments = self._adam.state[value], saved[name]
            _set(state["exp_avg"], moments.mean, name)
            _set(state["exp_avg_sq"], moments.variance, name)
            state["step"].fill_(moments.steps)
            self._steps = moments.steps

    def save(self, path: Path) -> None:
        with atomic_path(path) as partial, h5py.File(partial, "w") as file:
            for index, (name, moments) in enumerate(self.state().items()):
                group = file.create_group(name)
                group.attrs["index"] = index
                group["t"] = np.int64(moments.steps)
                for order, (key, value) in enumerate(
                    (("mean", moments.mean), ("var", moments.variance))
                ):
                    group[key] = value
                    group[key].attrs["index"] = order


def _copy(value: torch.Tensor) -> FloatArray:
    found: FloatArray = np.array(value.cpu().numpy(), np.float32, order="C")
    return found


def _set(tensor: torch.Tensor, value: FloatArray, name: str) -> None:
    if tuple(tensor.shape) != value.shape:
        raise ParameterError(
            f"solver state of {name}: expected shape {tuple(tensor.shape)}, found {value.shape}"
        )
    tensor.copy_(torch.from_numpy(value))
