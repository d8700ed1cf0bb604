"""The operations of training in NNabla."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import nnabla as nn
import nnabla.functions as F
import nnabla.parametric_functions as PF
from typing_extensions import Self

from fomm_core.distributed import Communicator
from fomm_core.network.nnabla_operations import NNablaOperations
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.nnabla.communicator import average, copy_from_main
from fomm_train.backend.nnabla.solver import NNablaSolver
from fomm_train.backend.solvers import Network, Solver

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class NNablaTrainingOperations(NNablaOperations, TrainingOperations):
    """Builds NNabla's graph, the losses included.

    Attributes:
        trains: whether parameters get gradients.
    """

    trains: bool = True

    @contextmanager
    def entered_scope(self) -> Iterator[None]:
        with super().entered_scope(), nn.no_grad(not self.trains):
            yield

    def seed_parameters(self, seed: int) -> None:
        nn.random.set_parameter_seed(seed)

    def copy_from_main(self, communicator: Communicator) -> None:
        copy_from_main(communicator, [v.data for v in self.parameters().values()])

    def make_solver(self, network: Network) -> NNablaSolver:
        return NNablaSolver(network, self.parameters())

    def record(self, build: Callable[[], T]) -> Callable[[], T]:
        graph = build()
        return lambda: graph

    def forward(self, *results: nn.Variable) -> None:
        nn.forward_all(list(results), clear_no_need_grad=True)

    def backward(self, loss: nn.Variable, scale: float) -> None:
        loss.backward(scale, clear_buffer=True)

    def average_gradients(self, communicator: Communicator, solvers: Sequence[Solver]) -> None:
        average(communicator, [g for solver in solvers for g in solver.gradients])

    def without_training(self) -> Self:
        return replace(self, trains=False)

    def stop_gradient(self, x: nn.Variable) -> nn.Variable:
        # Unlike `get_unlinked_variable` the result stays part of the graph: one forward pass
        # computes `x` first, whatever the order of its uses. What is computed from it costs no
        # backward work.
        if not x.need_grad:
            return x
        return F.identity(x).apply(need_grad=False)

    def detach(self, x: nn.Variable) -> nn.Variable:
        return x.get_unlinked_variable(need_grad=False)

    def keep(self, x: nn.Variable) -> nn.Variable:
        x.persistent = True
        return x

    def instance_normalization(self, x: nn.Variable) -> nn.Variable:
        with self.entered_scope():
            return PF.instance_normalization(x)

    def fixed_convolution(
        self, x: nn.Variable, weight: nn.Variable, bias: nn.Variable, pad: int
    ) -> nn.Variable:
        return self.kernels.convolution(x, weight, bias, pad=(pad, pad))

    def max_pooling(self, x: nn.Variable, size: tuple[int, int]) -> nn.Variable:
        return F.max_pooling(x, size)

    def leaky_relu(self, x: nn.Variable, slope: float) -> nn.Variable:
        return F.leaky_relu(x, slope)

    def abs(self, x: nn.Variable) -> nn.Variable:
        # The derivative of NNabla's own is 1 at 0.
        return x * self.sign(x)

    def absolute_error(self, a: nn.Variable, b: nn.Variable) -> nn.Variable:
        return F.absolute_error(a, b)

    def log(self, x: nn.Variable) -> nn.Variable:
        return F.log(x)

    def sign(self, x: nn.Variable) -> nn.Variable:
        # NNabla lets gradients pass through sign, whose derivative is 0.
        return F.sign(self.stop_gradient(x), alpha=0.0)

    def where(self, condition: nn.Variable, one: nn.Variable, other: nn.Variable) -> nn.Variable:
        return F.where(condition, one, other)

    def mean(self, x: nn.Variable) -> nn.Variable:
        return F.mean(x)
