"""The operations of training in PyTorch, which computes each at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from typing_extensions import Self

from fomm_core.distributed import Communicator
from fomm_core.model.parameters import Parameters
from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.first_values import Draw, draw_kernels, full, normal
from fomm_core.network.torch_operations import TorchOperations, single_precision
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.solvers import Network, Solver
from fomm_train.backend.torch.averaging import TorchAverages
from fomm_train.backend.torch.communicator import TensorCommunicator
from fomm_train.backend.torch.convolution import (
    convolve,
    convolve_upsampled,
    gathering_matrix,
    is_worth_transposing,
)
from fomm_train.backend.torch.normalization import BatchNorm, Normalize, batch_statistics
from fomm_train.backend.torch.parameters import ParameterStore
from fomm_train.backend.torch.solver import TorchSolver
from fomm_train.backend.torch.spectral import normalize_spectrum

T = TypeVar("T")

_EPSILON = 1e-5  # of instance normalisation


@dataclass(frozen=True, eq=False)
class TorchTrainingOperations(TorchOperations, TrainingOperations):
    """Computes networks and losses at once, and anew in each step.

    What is asked of images and maps may be in half precision where autocast says so; whatever
    keypoints, jacobians, grids and losses are made of is in single precision.

    Attributes:
        store: holds the parameters.
        normalize: batch normalisation.
        channels_last: whether convolutions are.
        compiled: whether what is recorded is compiled.
        path: where in ``store`` these operations have their parameters.
        trains: whether parameters get gradients.
    """

    store: ParameterStore
    normalize: Normalize = batch_statistics
    channels_last: bool = False
    compiled: bool = False
    path: str = ""
    trains: bool = True

    # ----- parameters

    def scope(self, name: str) -> Self:
        return replace(self, path=f"{self.path}{name}/")

    def parameters(self) -> dict[str, torch.Tensor]:
        return {
            name.removeprefix(self.path): value
            for name, value in self.store.values.items()
            if name.startswith(self.path)
        }

    def read(self, parameter: torch.Tensor) -> FloatArray:
        value: FloatArray = parameter.detach().to("cpu", torch.float32).numpy()
        return np.array(value, order="C")

    def write(self, parameter: torch.Tensor, value: FloatArray) -> None:
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value, dtype=np.float32)))

    def seed_parameters(self, seed: int) -> None:
        self.store.seed(seed)

    def copy_from_main(self, communicator: Communicator) -> None:
        if isinstance(communicator, TensorCommunicator):
            communicator.copy_from_main(list(self.store.values.values()))

    def _parameter(
        self,
        name: str,
        draw: Draw,
        trained: bool = True,
    ) -> torch.Tensor:
        value = self.store.find(f"{self.path}{name}", draw, trained)
        return value if self.trains else value.detach()

    # ----- steps

    def record(self, build: Callable[[], T]) -> Callable[[], T]:
        with self.store.declaring():
            build()
        return torch.compile(build, dynamic=False) if self.compiled else build

    def forward(self, *results: torch.Tensor) -> None:
        """Do nothing: everything is computed as it is built."""

    def backward(self, loss: torch.Tensor, scale: float) -> None:
        (loss * scale if scale != 1 else loss).backward()

    def make_solver(self, network: Network) -> TorchSolver:
        return TorchSolver(network, self.parameters())

    def make_averages(
        self, parameters: Mapping[str, torch.Tensor], values: Parameters
    ) -> TorchAverages:
        return TorchAverages(parameters, values)

    def average_gradients(self, communicator: Communicator, solvers: Sequence[Solver]) -> None:
        if isinstance(communicator, TensorCommunicator):
            communicator.average([gradient for solver in solvers for gradient in solver.gradients])

    # ----- gradients

    def without_training(self) -> Self:
        return replace(self, trains=False)

    def stop_gradient(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach()

    def detach(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach()

    def keep(self, x: torch.Tensor) -> torch.Tensor:
        return x

    # ----- layers with parameters

    def convolution(
        self,
        x: torch.Tensor,
        out_maps: int,
        kernel: int,
        pad: int = 0,
        *,
        initial_bias: FloatArray | None = None,
        spectral_norm: bool = False,
    ) -> torch.Tensor:
        weight, bias = self._kernels(x, out_maps, kernel, initial_bias, spectral_norm)
        return self.fixed_convolution(x, weight, bias, pad)

    def upsampling_convolution(self, x: torch.Tensor, out_maps: int) -> torch.Tensor:
        if not self._on_cpu or not is_worth_transposing(x):
            return super().upsampling_convolution(x, out_maps)
        weight, bias = self._kernels(x, out_maps, 3)
        gather = self.store.constant_of(gathering_matrix)
        return convolve_upsampled(self._laid_out(x), weight, bias, gather)

    def _kernels(
        self,
        x: torch.Tensor,
        out_maps: int,
        kernel: int,
        initial_bias: FloatArray | None = None,
        spectral_norm: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight (O, C, k, k) and bias (O,) of a convolution of ``x``; see :meth:`convolution`."""
        first_weight, first_bias = draw_kernels(x.shape[1], out_maps, kernel, initial_bias)
        weight = self._parameter("conv/W", first_weight)
        if spectral_norm:
            u = self._parameter("conv/spectral-norm/u", normal((out_maps,)), trained=False)
            with single_precision(weight):
                weight = normalize_spectrum(weight, u, self.store.is_recording)
        return weight, self._parameter("conv/b", first_bias)

    def batch_normalization(self, x: torch.Tensor) -> torch.Tensor:
        shape = (1, x.shape[1], 1, 1)
        beta = self._parameter("bn/beta", full(shape, 0))
        gamma = self._parameter("bn/gamma", full(shape, 1))
        mean = self._parameter("bn/mean", full(shape, 0), trained=False).view(-1)
        variance = self._parameter("bn/var", full(shape, 1), trained=False).view(-1)
        records = self.store.is_recording
        norm = BatchNorm(
            beta.view(-1),
            gamma.view(-1),
            mean if records else None,
            variance if records else None,
        )
        return self.normalize(x, norm)

    def instance_normalization(self, x: torch.Tensor) -> torch.Tensor:
        layer, shape = self.scope("instance_normalization"), (1, x.shape[1], 1, 1)
        beta = layer._parameter("beta", full(shape, 0))
        gamma = layer._parameter("gamma", full(shape, 1))
        return F.instance_norm(x, weight=gamma.view(-1), bias=beta.view(-1), eps=_EPSILON)

    def fixed_convolution(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, pad: int
    ) -> torch.Tensor:
        row_by_row = self._on_cpu and not torch.is_autocast_enabled("cpu")
        return convolve(self._laid_out(x), weight, bias, pad, row_by_row)

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        """The maps in the layout that convolutions are to have."""
        return x.contiguous(memory_format=torch.channels_last) if self.channels_last else x

    @property
    def _on_cpu(self) -> bool:
        return bool(self.store.device.type == "cpu")

    # ----- images and maps

    def max_pooling(self, x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        return F.max_pool2d(x, size, ceil_mode=True)

    # ----- element by element

    def leaky_relu(self, x: torch.Tensor, slope: float) -> torch.Tensor:
        return F.leaky_relu(x, slope)

    def log(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(x)

    def abs(self, x: torch.Tensor) -> torch.Tensor:
        return torch.abs(x)

    def absolute_error(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.abs(a.float() - b.float())

    def sign(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sign(x.detach())

    def where(
        self, condition: torch.Tensor, one: torch.Tensor, other: torch.Tensor
    ) -> torch.Tensor:
        chosen = condition.view(-1, *(1,) * (one.dim() - 1)) != 0
        return torch.where(chosen, one, other)

    # ----- along axes

    def mean(self, x: torch.Tensor) -> torch.Tensor:
        return torch.mean(x.float())

    # ----- shapes

    def constant(self, array: FloatArray) -> torch.Tensor:
        return self.store.to_tensor(array)

    def constant_of(self, make: Callable[..., FloatArray], *arguments: Hashable) -> torch.Tensor:
        return self.store.constant_of(make, *arguments)
