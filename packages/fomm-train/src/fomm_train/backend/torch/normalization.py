"""Batch normalisation by the running statistics, by those of a batch, or by those of all ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from fomm_core.distributed import Communicator
from fomm_core.errors import DistributedError

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
    """Batch normalisation for training on these ranks.

    Raises:
        DistributedError: there are several.
    """
    if communicator.size == 1:
        return batch_statistics
    raise DistributedError(
        f"--backend torch: expected one process, found {communicator.size}; use --backend nnabla"
    )
