"""The operations that training needs beyond those of the networks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from typing_extensions import Self

from fomm_core.distributed import Communicator
from fomm_core.model.parameters import Parameters
from fomm_core.network.operations import Operations, Tensor
from fomm_train.backend.averaging import HostAverages, MovingAverages
from fomm_train.backend.solvers import Network, Solver

T = TypeVar("T")


class TrainingOperations(Operations):
    """Computes networks, discriminator and losses; gradients flow through all of it.

    A backend either builds a graph once, which :meth:`forward` runs, or computes whatever is
    built at once, and builds it for each step; :meth:`record` hides which.
    """

    # ----- steps

    @abstractmethod
    def seed_parameters(self, seed: int) -> None:
        """Draw the parameters that are made from now on by this seed alone."""

    @abstractmethod
    def copy_from_main(self, communicator: Communicator) -> None:
        """Give all parameters the values that they have on rank 0."""

    @abstractmethod
    def make_solver(self, network: Network) -> Solver:
        """Adam for the trained parameters that one network has so far."""

    def make_averages(self, parameters: Mapping[str, Tensor], values: Parameters) -> MovingAverages:
        """Averages of parameters, by name, that begin with given values."""
        return HostAverages(self, parameters, values)

    @abstractmethod
    def record(self, build: Callable[[], T]) -> Callable[[], T]:
        """Make a function that gives what ``build`` builds for the inputs as they are now.

        The parameters that it needs are made at once; nothing is trained or recorded in running
        statistics by that. After each call :meth:`forward` computes what is to be read.

        Args:
            build: makes the same tensors from the same inputs whenever it is called.
        """

    @abstractmethod
    def forward(self, *results: Tensor) -> None:
        """Compute tensors, one after the other, and what they depend on, from the inputs."""

    @abstractmethod
    def backward(self, loss: Tensor, scale: float) -> None:
        """Add ``scale`` times the derivatives of a loss to the gradients of the parameters.

        It was computed by :meth:`forward` just before; what is not kept cannot be read after.
        """

    @abstractmethod
    def average_gradients(self, communicator: Communicator, solvers: Sequence[Solver]) -> None:
        """Replace the gradients of these solvers by their means over the ranks."""

    # ----- gradients

    @abstractmethod
    def without_training(self) -> Self:
        """The same operations, whose parameters get no gradient; maps and images still do."""

    @abstractmethod
    def stop_gradient(self, x: Tensor) -> Tensor:
        """The same values, through which no gradient flows back; other uses of ``x`` keep theirs.

        What leads to ``x`` is computed along with what uses the result.
        """

    @abstractmethod
    def detach(self, x: Tensor) -> Tensor:
        """The values that ``x`` has been computed to be; they are not computed again."""

    @abstractmethod
    def keep(self, x: Tensor) -> Tensor:
        """Keep the values of ``x`` readable after the backward pass; returns ``x``."""

    # ----- layers

    @abstractmethod
    def instance_normalization(self, x: Tensor) -> Tensor:
        """Normalise each map of each sample over its pixels; then scale and shift.

        Parameters are ``instance_normalization/{beta,gamma}``, (1, C, 1, 1) each.
        """

    @abstractmethod
    def fixed_convolution(self, x: Tensor, weight: Tensor, bias: Tensor, pad: int) -> Tensor:
        """Convolve (B, C, H, W) with given weights (O, C, kh, kw) and bias (O,)."""

    @abstractmethod
    def max_pooling(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Maxima of tiles; a border narrower than a tile counts as one."""

    # ----- element by element

    @abstractmethod
    def leaky_relu(self, x: Tensor, slope: float) -> Tensor:
        """X where it is positive, elsewhere ``slope * x``."""

    @abstractmethod
    def abs(self, x: Tensor) -> Tensor:
        """|x|, whose derivative at 0 is 0."""

    @abstractmethod
    def absolute_error(self, a: Tensor, b: Tensor) -> Tensor:
        """|a - b| of tensors of equal shapes.

        Where they are equal, the derivative is anything from -1 to 1.
        """

    @abstractmethod
    def log(self, x: Tensor) -> Tensor:
        """The natural logarithm."""

    @abstractmethod
    def sign(self, x: Tensor) -> Tensor:
        """-1, 0 or 1; no gradient flows back."""

    @abstractmethod
    def where(self, condition: Tensor, one: Tensor, other: Tensor) -> Tensor:
        """Samples of ``one`` where ``condition`` (B,) is 1, of ``other`` where it is 0."""

    @abstractmethod
    def mean(self, x: Tensor) -> Tensor:
        """The mean of all values, a scalar."""
