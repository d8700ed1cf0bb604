"""The operations of the networks in NNabla: each call adds functions to NNabla's graph."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import nnabla as nn
import nnabla.functions as F
import nnabla.initializer as I
import nnabla.parametric_functions as PF
import numpy as np
from nnabla.parameter import get_parameter_or_create
from typing_extensions import Self

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.operations import Operations, Padding

Function = Callable[..., nn.Variable]
"""Something that takes the arguments of a function of ``nnabla.functions``."""

Normalize = Callable[[nn.Variable], nn.Variable]
"""Batch normalisation of (B, C, H, W), whose parameters live in the current scope."""

_PADDING_MODES: dict[Padding, str] = {"zeros": "zero", "reflection": "reflect"}


def running_statistics(x: nn.Variable) -> nn.Variable:
    """Normalise by the recorded mean and variance (inference)."""
    return PF.batch_normalization(x, batch_stat=False, decay_rate=0.9, eps=1e-5)


def batch_statistics(x: nn.Variable) -> nn.Variable:
    """Normalise by mean and variance of this batch, and record them (training)."""
    return PF.batch_normalization(x, batch_stat=True, decay_rate=0.9, eps=1e-5)


@dataclass(frozen=True)
class Kernels:
    """The functions that take most of the time; others than NNabla's own may be faster.

    Attributes:
        convolution: takes the arguments of ``nnabla.functions.convolution``.
        warp_by_grid: takes those of ``nnabla.functions.warp_by_grid``.
    """

    convolution: Function = F.convolution
    warp_by_grid: Function = F.warp_by_grid


NNABLA_KERNELS = Kernels()
"""NNabla's own."""


@dataclass(frozen=True, eq=False)
class NNablaOperations(Operations):
    """Builds NNabla's graph.

    Attributes:
        normalize: batch normalisation.
        kernels: what convolves and warps.
        root: NNabla's parameter scope that holds all parameters; filled as networks are built.
        path: where in ``root`` these operations have theirs.
    """

    normalize: Normalize = running_statistics
    kernels: Kernels = NNABLA_KERNELS
    root: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    path: str = ""

    def scope(self, name: str) -> Self:
        return replace(self, path=f"{self.path}/{name}")

    def parameters(self) -> dict[str, nn.Variable]:
        with nn.parameter_scope(self.path, self.root):
            found: dict[str, nn.Variable] = nn.get_parameters(grad_only=False)
        return found

    def read(self, parameter: nn.Variable) -> FloatArray:
        value: FloatArray = parameter.d.astype(np.float32)
        return value

    def write(self, parameter: nn.Variable, value: FloatArray) -> None:
        parameter.d = value

    @contextmanager
    def entered_scope(self) -> Iterator[None]:
        """Make this scope NNabla's current one in the block."""
        with nn.parameter_scope(self.path, self.root):
            yield

    def convolution(
        self,
        x: nn.Variable,
        out_maps: int,
        kernel: int,
        pad: int = 0,
        *,
        initial_bias: FloatArray | None = None,
        spectral_norm: bool = False,
    ) -> nn.Variable:
        shape = (out_maps, x.shape[1], kernel, kernel)
        if initial_bias is None:
            limit = I.calc_normal_std_he_forward(shape[1], out_maps, shape[2:]) / np.sqrt(2)
            first_weight = first_bias = I.UniformInitializer((-limit, limit))
        else:
            first_weight, first_bias = I.ConstantInitializer(0), initial_bias
        with self.entered_scope(), nn.parameter_scope("conv"):
            weight = get_parameter_or_create("W", shape, first_weight)
            if spectral_norm:
                weight = PF.spectral_norm(weight, dim=0, itr=1)
            bias = get_parameter_or_create("b", (out_maps,), first_bias)
        return self.kernels.convolution(x, weight, bias, pad=(pad, pad))

    def batch_normalization(self, x: nn.Variable) -> nn.Variable:
        with self.entered_scope():
            return self.normalize(x)

    def depthwise_convolution(
        self, x: nn.Variable, weight: nn.Variable, *, pad: int, stride: int
    ) -> nn.Variable:
        return F.depthwise_convolution(x, weight, pad=(pad, pad), stride=(stride, stride))

    def average_pooling(self, x: nn.Variable, size: tuple[int, int]) -> nn.Variable:
        return F.average_pooling(x, size)

    def upsample_nearest(self, x: nn.Variable, factor: int) -> nn.Variable:
        return F.unpooling(x, (factor, factor))

    def resize(self, x: nn.Variable, size: tuple[int, int], *, align_corners: bool) -> nn.Variable:
        return F.interpolate(
            x,
            output_size=size,
            mode="linear",
            align_corners=align_corners,
            half_pixel=not align_corners,
        )

    def grid_sample(
        self,
        x: nn.Variable,
        grid: nn.Variable,
        *,
        align_corners: bool,
        padding: Padding = "zeros",
    ) -> nn.Variable:
        return self.kernels.warp_by_grid(
            x,
            grid,
            mode="linear",
            padding_mode=_PADDING_MODES[padding],
            align_corners=align_corners,
        )

    def relu(self, x: nn.Variable) -> nn.Variable:
        return F.relu(x)

    def sigmoid(self, x: nn.Variable) -> nn.Variable:
        return F.sigmoid(x)

    def exp(self, x: nn.Variable) -> nn.Variable:
        return F.exp(x)

    def softmax(self, x: nn.Variable, axis: int) -> nn.Variable:
        return F.softmax(x, axis=axis)

    def sum(
        self, x: nn.Variable, axis: int | tuple[int, ...], *, keepdims: bool = False
    ) -> nn.Variable:
        return F.sum(x, axis=axis, keepdims=keepdims)

    def matmul(self, a: nn.Variable, b: nn.Variable, *, transpose_b: bool = False) -> nn.Variable:
        if len(a.shape) == 2 and not transpose_b:
            return F.affine(a, b)
        return F.batch_matmul(a, b, transpose_b=transpose_b)

    def constant(self, array: FloatArray) -> nn.Variable:
        return nn.Variable.from_numpy_array(array)

    def reshape(self, x: nn.Variable, shape: tuple[int, ...]) -> nn.Variable:
        # In memory of its own: reshaped in place, a variable that is used more than once loses
        # gradients.
        return F.reshape(x, shape, inplace=False)

    def transpose(self, x: nn.Variable, axes: tuple[int, ...]) -> nn.Variable:
        return F.transpose(x, axes)

    def broadcast(self, x: nn.Variable, shape: tuple[int, ...]) -> nn.Variable:
        return F.broadcast(x, shape)

    def concatenate(self, parts: Sequence[nn.Variable], axis: int) -> nn.Variable:
        return F.concatenate(*parts, axis=axis)
