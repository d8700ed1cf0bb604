"""The operations that the networks are written in.

A network is a function whose first argument says what computes it::

    def up_block(ops: Operations, x: Tensor, out_maps: int) -> Tensor:
        block = ops.scope("upblock")
        hidden = block.upsampling_convolution(x, out_maps)
        return ops.relu(block.batch_normalization(hidden))

Sums, differences, products, quotients, whole powers and slices are written with Python's
operators, and broadcast as NumPy's do. Images and maps are (B, C, H, W).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from typing_extensions import Self

from fomm_core.motion.keypoints import FloatArray

Padding = Literal["zeros", "reflection"]
"""Values of an image outside of it: none, or those inside mirrored at its border."""


class Tensor(Protocol):
    """An array that is computed: a variable of NNabla's graph, or its like elsewhere."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""

    def __getitem__(self, key: Any, /) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __add__(self, other: Tensor | float, /) -> Tensor: ...
    def __sub__(self, other: Tensor | float, /) -> Tensor: ...
    def __rsub__(self, other: float, /) -> Tensor: ...
    def __mul__(self, other: Tensor | float, /) -> Tensor: ...
    def __truediv__(self, other: Tensor | float, /) -> Tensor: ...
    def __pow__(self, exponent: int, /) -> Tensor: ...


class Operations(ABC):
    """Computes what networks are made of; holds their parameters by name."""

    # ----- parameters

    @abstractmethod
    def scope(self, name: str) -> Self:
        """The same operations, whose parameters are named ``name/...`` within these."""

    @abstractmethod
    def parameters(self) -> Mapping[str, Tensor]:
        """All parameters by name in the order of creation, running statistics included."""

    @abstractmethod
    def read(self, parameter: Tensor) -> FloatArray:
        """A copy of a parameter's present value, float32."""

    @abstractmethod
    def write(self, parameter: Tensor, value: FloatArray) -> None:
        """Give a parameter another value of the same shape."""

    # ----- layers with parameters

    @abstractmethod
    def convolution(
        self,
        x: Tensor,
        out_maps: int,
        kernel: int,
        pad: int = 0,
        *,
        initial_bias: FloatArray | None = None,
        spectral_norm: bool = False,
    ) -> Tensor:
        """Convolve with bias; (B, C, H, W) -> (B, out_maps, H + 2 pad - kernel + 1, W + ...).

        Parameters are ``conv/W`` (out_maps, C, kernel, kernel) and ``conv/b`` (out_maps,). They
        begin uniform in +- (He-normal standard deviation) / sqrt(2).

        Args:
            x: maps.
            out_maps: number of kernels.
            kernel: their height and width.
            pad: zeros around the maps.
            initial_bias: (out_maps,), what the bias begins with instead; weights are then 0.
            spectral_norm: divide the weight by its largest singular value (Miyato et al. 2018),
                which one power iteration in each forward pass improves; the singular vector is
                ``conv/spectral-norm/u``.
        """

    def upsampling_convolution(self, x: Tensor, out_maps: int) -> Tensor:
        """Nearest x2, then a 3x3 convolution with bias; (B, C, H, W) -> (B, out_maps, 2H, 2W).

        Parameters are those of :meth:`convolution`.
        """
        return self.convolution(self.upsample_nearest(x, 2), out_maps, 3, 1)

    @abstractmethod
    def batch_normalization(self, x: Tensor) -> Tensor:
        """Normalise each map over batch and pixels, epsilon 1e-5; then scale and shift.

        Inference normalises by the recorded mean and variance, training by those of the batch,
        which it records with a decay of 0.9. Parameters are ``bn/{beta,gamma,mean,var}``,
        (1, C, 1, 1) each.
        """

    # ----- images and maps

    @abstractmethod
    def depthwise_convolution(self, x: Tensor, weight: Tensor, *, pad: int, stride: int) -> Tensor:
        """Convolve each map with its own fixed kernel (C, kh, kw), at every ``stride``-th pixel."""

    @abstractmethod
    def average_pooling(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Means of tiles of a size that divides (H, W)."""

    @abstractmethod
    def upsample_nearest(self, x: Tensor, factor: int) -> Tensor:
        """Repeat each pixel ``factor`` times along both sides."""

    @abstractmethod
    def resize(self, x: Tensor, size: tuple[int, int], *, align_corners: bool) -> Tensor:
        """Resize maps to (h, w), linearly; half-pixel centres where corners are not aligned."""

    @abstractmethod
    def grid_sample(
        self, x: Tensor, grid: Tensor, *, align_corners: bool, padding: Padding = "zeros"
    ) -> Tensor:
        """Sample (B, C, H, W) at positions (B, h, w, 2) -> (B, C, h, w), bilinearly.

        Args:
            x: maps.
            grid: (x, y), x first, in [-1, 1].
            align_corners: whether -1 and 1 are the centres of the first and the last pixel;
                otherwise they are the borders of the image.
            padding: what lies outside.
        """

    # ----- element by element

    @abstractmethod
    def relu(self, x: Tensor) -> Tensor:
        """max(x, 0)."""

    @abstractmethod
    def sigmoid(self, x: Tensor) -> Tensor:
        """1 / (1 + exp(-x))."""

    @abstractmethod
    def exp(self, x: Tensor) -> Tensor:
        """E to the power of x."""

    # ----- along axes

    @abstractmethod
    def softmax(self, x: Tensor, axis: int) -> Tensor:
        """exp(x) divided by its sum over an axis."""

    @abstractmethod
    def sum(self, x: Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Tensor:
        """The sum over one or several axes."""

    @abstractmethod
    def matmul(self, a: Tensor, b: Tensor, *, transpose_b: bool = False) -> Tensor:
        """Matrix products over the last two axes; the axes before them broadcast."""

    # ----- shapes

    @abstractmethod
    def constant(self, array: FloatArray) -> Tensor:
        """A tensor with these values, which is never trained."""

    def constant_of(self, make: Callable[..., FloatArray], *arguments: Hashable) -> Tensor:
        """The constant that a function makes of arguments; what runs often makes it once."""
        return self.constant(make(*arguments))

    @abstractmethod
    def reshape(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The same values in the same order in another shape."""

    @abstractmethod
    def transpose(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        """The axes in another order."""

    @abstractmethod
    def broadcast(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Repeat the values along axes of length 1."""

    @abstractmethod
    def concatenate(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        """Tensors behind one another along an axis."""


def upsampling_taps() -> FloatArray:
    """Taps of nearest x2 and three taps as four on the input, (4, 3), along one axis.

    Row k has a 1 for each of the three that tap k of the four sums up: 2 - k and 3 - k.
    :meth:`Operations.upsampling_convolution` so is a 4x4 transposed convolution with stride 2.
    """
    return np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=np.float32)
