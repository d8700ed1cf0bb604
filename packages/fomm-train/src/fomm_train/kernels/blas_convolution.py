"""Convolution on the CPU through NumPy's BLAS, as a function of NNabla's graph.

NNabla's own kernel is compiled for any x86-64 and takes three quarters of a training step;
NumPy's matrix product uses what the processor has (AVX2, AVX-512) and is some 2.5 times as
fast. The values are those of NNabla's kernel up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nnabla as nn

from fomm_core.network.nnabla_operations import NNABLA_KERNELS
from fomm_train.kernels.custom_function import CustomFunction, store
from fomm_train.kernels.im2col import Lowering, Shapes, Workspace, lower


class BlasConvolution:
    """Builds convolutions that share their working memory.

    Functions of one graph run one after another, so that the largest one's memory suffices.
    """

    def __init__(self) -> None:
        self._workspace = Workspace()

    def __call__(
        self,
        x: nn.Variable,
        weight: nn.Variable,
        bias: nn.Variable | None = None,
        base_axis: int = 1,
        pad: Sequence[int] | None = None,
        *others: Any,
        **named: Any,
    ) -> nn.Variable:
        """Convolve (B, C, H, W) as ``nnabla.functions.convolution`` does.

        Options that the networks do not use (strides, dilations, groups, padding wider than the
        kernel) are left to NNabla.
        """
        padding = tuple(pad or (0, 0))
        images = len(x.shape) == 4 and base_axis == 1
        if not images or not _Options(*others, **named).are_plain or not _fits(padding, weight):
            return NNABLA_KERNELS.convolution(x, weight, bias, base_axis, pad, *others, **named)
        inputs = (x, weight) if bias is None else (x, weight, bias)
        convolved: nn.Variable = _ConvolutionByBlas(padding, self._workspace)(*inputs)
        return convolved


def _fits(pad: tuple[int, ...], weight: nn.Variable) -> bool:
    return all(zeros < size for zeros, size in zip(pad, weight.shape[2:], strict=True))


@dataclass(frozen=True)
class _Options:
    """NNabla's further options."""

    stride: Sequence[int] | None = None
    dilation: Sequence[int] | None = None
    group: int = 1
    channel_last: bool = False

    @property
    def are_plain(self) -> bool:
        """Whether they change nothing."""
        units = all(value is None or set(value) == {1} for value in (self.stride, self.dilation))
        return units and self.group == 1 and not self.channel_last


class _ConvolutionByBlas(CustomFunction):
    """The NNabla function: inputs x, weight and maybe bias; one image after another.

    One image's patches fit into the processor's cache, where those of a batch do not. They
    are taken anew in the backward pass: keeping them would multiply the memory needed.
    """

    def __init__(self, pad: tuple[int, ...], workspace: Workspace) -> None:
        super().__init__()
        self._pad = (pad[0], pad[1])
        self._workspace = workspace

    def grad_depends_input_data(self, i: int, j: int) -> bool:
        """The gradient of x needs the weight, that of the weight needs x."""
        return (i, j) in ((0, 1), (1, 0))

    def setup_impl(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Shape the output (B, O, H', W')."""
        outputs[0].reset_shape((inputs[0].shape[0], *self._shapes(inputs).output), True)

    def forward_impl(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Convolve each image."""
        x, y = inputs[0].data.data, outputs[0].data.data
        lowering = self._lower(inputs)
        for image, out in zip(x, y, strict=True):
            lowering.forward(image, out)
        if len(inputs) == 3:
            y += inputs[2].data.data.reshape(-1, 1, 1)

    def backward_impl(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        propagate_down: Sequence[bool],
        accum: Sequence[bool],
    ) -> None:
        """Gradients of x, weight and bias."""
        x, dy = inputs[0].data.data, outputs[0].grad.data
        lowering = self._lower(inputs)
        if propagate_down[0]:
            for own, out in zip(inputs[0].grad.data, dy, strict=True):
                store(own, lowering.image_gradient(out), accum[0])
        if propagate_down[1]:
            for image, out in zip(x, dy, strict=True):
                lowering.weight_gradient(image, out)
            store(inputs[1].grad.data, lowering.total_weight_gradient(), accum[1])
        if len(inputs) == 3 and propagate_down[2]:
            rows = dy.reshape(*dy.shape[:2], -1).sum(axis=2)
            store(inputs[2].grad.data, rows.sum(axis=0), accum[2])

    def _lower(self, inputs: Sequence[Any]) -> Lowering:
        return lower(self._shapes(inputs), inputs[1].data.data, self._workspace)

    def _shapes(self, inputs: Sequence[Any]) -> Shapes:
        return Shapes(tuple(inputs[0].shape[1:]), tuple(inputs[1].shape), self._pad)
