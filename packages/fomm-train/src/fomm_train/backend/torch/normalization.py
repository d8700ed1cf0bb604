"""Batch normalisation by the running statistics, by those of a batch, or by those of all ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from fomm_core.distributed import Communicator
from fomm_train.backend.torch.communicator import TensorCommunicator

DECAY_RATE = 0.9
EPSILON = 1e-5


@dataclass(frozen=True, eq=False)
class BatchNorm:
    """The parameters of one batch normalisation, (C,) each.

    Attributes:
        beta, gamma: shift and scale.
        mean, variance: running statistics, to be moved in place; ``None`` where nothing is to be
            recorded.
    """

    beta: torch.Tensor
    gamma: torch.Tensor
    mean: torch.Tensor | None
    variance: torch.Tensor | None


Normalize = Callable[[torch.Tensor, BatchNorm], torch.Tensor]
"""Batch normalisation of (B, C, H, W)."""


def running_statistics(x: torch.Tensor, norm: BatchNorm) -> torch.Tensor:
    """Normalise by the recorded mean and variance (inference)."""
    return F.batch_norm(x, norm.mean, norm.variance, norm.gamma, norm.beta, eps=EPSILON)


def batch_statistics(x: torch.Tensor, norm: BatchNorm) -> torch.Tensor:
    """Normalise by mean and variance of this batch, and record them (training)."""
    return F.batch_norm(
        x,
        norm.mean,
        norm.variance,
        norm.gamma,
        norm.beta,
        training=True,
        momentum=1 - DECAY_RATE,
        eps=EPSILON,
    )


def synchronised(communicator: Communicator) -> Normalize:
    """Batch normalisation for training on these ranks."""
    if not isinstance(communicator, TensorCommunicator):
        return batch_statistics

    def over_ranks(x: torch.Tensor, norm: BatchNorm) -> torch.Tensor:
        return normalize_over_ranks(x, norm, communicator)

    return over_ranks


def normalize_over_ranks(
    x: torch.Tensor, norm: BatchNorm, communicator: TensorCommunicator
) -> torch.Tensor:
    """Normalise by mean and variance over the batches of all ranks, and record them.

    N ranks with batch b normalise, learn and record as one rank with batch N * b; each rank's
    statistics travel, never the images. PyTorch's own SyncBatchNorm does so on GPUs only.
    """
    with torch.no_grad():
        statistics = _share_statistics(x, communicator)
        _record(norm, statistics)
    normalized: torch.Tensor = _NormalizeOverRanks.apply(
        x, norm.gamma, norm.beta, statistics, communicator
    )
    return normalized


@dataclass(frozen=True, eq=False)
class _Statistics:
    """Mean and variance (biased) of each channel, (C,) float32, and the number of its values."""

    mean: torch.Tensor
    variance: torch.Tensor
    count: int


def _share_statistics(x: torch.Tensor, communicator: TensorCommunicator) -> _Statistics:
    """Join the statistics of all ranks' (B, C, H, W); all ranks have as many values."""
    own = torch.stack(torch.batch_norm_update_stats(x.float(), None, None, 0.0))
    means, variances = communicator.collect(own).unbind(1)
    mean = means.mean(0)
    # Not the mean of squares less the square of the mean, which would cancel.
    variance = (variances + (means - mean) ** 2).mean(0)
    return _Statistics(mean, variance, communicator.size * x.numel() // x.shape[1])


def _record(norm: BatchNorm, statistics: _Statistics) -> None:
    """Move the running statistics, of which the variance is unbiased, where they are recorded."""
    if norm.mean is None or norm.variance is None:
        return
    unbiased = statistics.variance * (statistics.count / max(statistics.count - 1, 1))
    norm.mean.lerp_(statistics.mean, 1 - DECAY_RATE)
    norm.variance.lerp_(unbiased, 1 - DECAY_RATE)


class _NormalizeOverRanks(torch.autograd.Function):  # type: ignore[misc]
    """Normalisation by given statistics, whose gradient knows that they depend on all images."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        statistics: _Statistics,
        communicator: TensorCommunicator,
    ) -> torch.Tensor:
        """Normalise, scale and shift."""
        ctx.save_for_backward(x, gamma)
        ctx.statistics, ctx.communicator = statistics, communicator
        mean, variance = statistics.mean, statistics.variance
        return F.batch_norm(x, mean, variance, gamma, beta, eps=EPSILON)

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of x, gamma and beta; those of the parameters are this rank's alone.

        With x' = (x - mean) / deviation, that of x is
        gamma / deviation * (dy - mean(dy) - x' * mean(dy * x')), means over all ranks.
        """
        x, gamma = ctx.saved_tensors
        mean, variance = ctx.statistics.mean, ctx.statistics.variance
        dx, dgamma, dbeta = torch.ops.aten.native_batch_norm_backward(
            dy, x, gamma, mean, variance, None, None, False, EPSILON, [True, True, True]
        )
        means = torch.stack([dgamma, dbeta])
        ctx.communicator.add(means)
        means *= -gamma * torch.rsqrt(variance + EPSILON) / ctx.statistics.count
        dx += F.batch_norm(x, mean, variance, means[0], means[1], eps=EPSILON)
        return dx, dgamma, dbeta, None, None
