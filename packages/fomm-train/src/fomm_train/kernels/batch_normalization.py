"""Batch normalisation over the batches of all ranks, in the forward and the backward pass.

N ranks with batch b normalise, learn and record exactly as one rank with batch N * b: each
rank's sums travel, never the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nnabla as nn
import numpy as np
from nnabla.initializer import ConstantInitializer
from nnabla.parameter import get_parameter_or_create

from fomm_core.distributed import Communicator
from fomm_core.distributed.communicator import DoubleArray, SingleArray
from fomm_train.kernels.custom_function import CustomFunction, store

DECAY_RATE = 0.9
EPSILON = 1e-5


def normalize_over_ranks(x: nn.Variable, communicator: Communicator) -> nn.Variable:
    """Normalise (B, C, H, W) by mean and variance over B, H, W of all ranks, and record them."""
    shape = (1, x.shape[1], 1, 1)
    zero, one = ConstantInitializer(0), ConstantInitializer(1)
    with nn.parameter_scope("bn"):
        beta = get_parameter_or_create("beta", shape, zero)
        gamma = get_parameter_or_create("gamma", shape, one)
        mean = get_parameter_or_create("mean", shape, zero, need_grad=False)
        variance = get_parameter_or_create("var", shape, one, need_grad=False)
    function = _BatchNormalizationOverRanks(communicator)
    normalized: nn.Variable = function(x, beta, gamma, mean, variance)
    return normalized


class _BatchNormalizationOverRanks(CustomFunction):
    """The NNabla function: inputs x, beta, gamma, running mean and variance; output like x."""

    def __init__(self, communicator: Communicator) -> None:
        super().__init__()
        self._communicator = communicator
        # Of the last forward pass: (1, C, 1, 1) each, and the number of values per channel.
        self._mean: SingleArray = np.zeros(0, np.float32)
        self._inverse_deviation: SingleArray = np.zeros(0, np.float32)
        self._count = 0.0

    def grad_depends_input_data(self, i: int, j: int) -> bool:
        """Gradients of x, beta and gamma need x and gamma."""
        return j in (0, 2)

    def setup_impl(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Shape the output like x."""
        outputs[0].reset_shape(inputs[0].shape, True)

    def forward_impl(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Normalise, and move the running statistics."""
        x, beta, gamma, running_mean, running_variance = (v.data.data for v in inputs)
        mean, variance, self._count = self._statistics(x)
        self._mean = mean.astype(np.float32)
        self._inverse_deviation = (1 / np.sqrt(variance + EPSILON)).astype(np.float32)
        y = outputs[0].data.data
        np.subtract(x, self._mean, out=y)
        y *= gamma * self._inverse_deviation
        y += beta
        unbiased = variance * self._count / max(self._count - 1, 1)
        _decay_towards(running_mean, mean)
        _decay_towards(running_variance, unbiased)

    def backward_impl(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        propagate_down: Sequence[bool],
        accum: Sequence[bool],
    ) -> None:
        """Gradients of x, beta and gamma; those of the parameters are this rank's alone."""
        x, gamma = inputs[0].data.data, inputs[2].data.data
        dy = outputs[0].grad.data
        centred = x - self._mean
        sums = np.stack([_channel_sums(dy), _channel_dots(dy, centred)])
        own = sums.astype(np.float32)
        if propagate_down[1]:
            store(inputs[1].grad.data, own[0], accum[1])
        if propagate_down[2]:
            store(inputs[2].grad.data, own[1] * self._inverse_deviation, accum[2])
        # Every rank takes part in the sum, whatever it needs itself.
        self._communicator.all_reduce_sum(sums)
        if propagate_down[0]:
            mean_dy, mean_dot = (sums / self._count).astype(np.float32)
            centred *= -mean_dot * self._inverse_deviation**2
            centred += dy
            centred -= mean_dy
            centred *= gamma * self._inverse_deviation
            store(inputs[0].grad.data, centred, accum[0])

    def _statistics(self, x: SingleArray) -> tuple[DoubleArray, DoubleArray, float]:
        """Mean and variance (1, C, 1, 1) over all ranks, and the number of values.

        What is summed are the ranks' means and squared deviations from their own means, in
        float64: squares of uncentred float32 values would cancel.
        """
        count = x.size // x.shape[1]
        mean = _channel_sums(x) / count
        centred = x - mean.astype(np.float32)
        squares = _channel_dots(centred, centred) + count * mean**2
        sums = np.stack([count * mean, squares, np.full_like(mean, count)])
        self._communicator.all_reduce_sum(sums)
        total = float(sums[2].flat[0])
        mean = sums[0] / total
        return mean, np.maximum(sums[1] / total - mean**2, 0), total


def _channel_sums(x: SingleArray) -> DoubleArray:
    """Sum over batch and pixels; (B, C, H, W) -> (1, C, 1, 1) float64."""
    rows = x.reshape(*x.shape[:2], -1).sum(axis=2)
    return _over_batch(rows)


def _channel_dots(x: SingleArray, y: SingleArray) -> DoubleArray:
    """Sum of products over batch and pixels; twice (B, C, H, W) -> (1, C, 1, 1) float64."""
    flat = (*x.shape[:2], -1)
    return _over_batch(np.einsum("bcn,bcn->bc", x.reshape(flat), y.reshape(flat)))


def _over_batch(rows: SingleArray) -> DoubleArray:
    """(B, C) -> (1, C, 1, 1) float64."""
    total: DoubleArray = rows.sum(axis=0, dtype=np.float64)
    return total.reshape(1, -1, 1, 1)


def _decay_towards(running: SingleArray, recent: DoubleArray) -> None:
    running *= np.float32(DECAY_RATE)
    running += (np.float32(1 - DECAY_RATE) * recent).astype(np.float32)
