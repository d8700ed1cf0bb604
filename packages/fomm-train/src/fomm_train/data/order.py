"""Which samples each batch of each rank holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from fomm_core.errors import ConfigError
from fomm_core.utils.rng import make_rng
from fomm_train.data.batch import IdArray


@dataclass(frozen=True, eq=False)
class BatchTask:
    """One rank's batch, not yet made.

    Attributes:
        epoch: counted from 0.
        indices: (B,) int64, the samples within the epoch.
        sample_ids: (B,) int64, their numbers in the whole training.
    """

    epoch: int
    indices: IdArray
    sample_ids: IdArray


@dataclass(frozen=True)
class BatchOrder:
    """Order in which the samples of an epoch are dealt out.

    Batch i of all ranks together is ``order[i * size * batch_size : (i + 1) * size * batch_size]``
    of the epoch's permutation, and each rank takes its slice of that, so that N ranks with
    batches of b draw what one rank with batches of N * b draws. What is left at the end of an
    epoch is dropped.

    Attributes:
        samples: number of samples in one epoch.
        batch_size: samples per rank and batch.
        rank: this process, 0 .. size - 1.
        size: number of ranks.
        seed: of the permutations, the same on all ranks.

    Raises:
        ConfigError: an epoch has not one batch for all ranks.
        ValueError: the rank is not one of them, or the batch size is not positive.
    """

    samples: int
    batch_size: int
    rank: int = 0
    size: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 1 or not 0 <= self.rank < self.size:
            raise ValueError(
                f"expected a batch size of 1 or more and a rank below {self.size}, "
                f"found {self.batch_size} and {self.rank}"
            )
        if self.batches_per_epoch == 0:
            raise ConfigError(
                f"train_params.batch_size: expected at most the {self.samples} samples of an "
                f"epoch over all ranks, found {self.batch_size} on each of {self.size}; lower it "
                "or raise num_repeats"
            )

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches that every rank makes in one epoch."""
        return self.samples // (self.batch_size * self.size)

    def permutation(self, epoch: int) -> npt.NDArray[np.int64]:
        """Return (samples,) int64, the order of an epoch's samples."""
        return make_rng(self.seed, "order", epoch).permutation(self.samples)

    def tasks(self, epoch: int, start: int = 0) -> Iterator[BatchTask]:
        """Yield this rank's batches from batch ``start`` of an epoch on, epoch after epoch."""
        for number in count(epoch):
            order = self.permutation(number)
            for iteration in range(start, self.batches_per_epoch):
                begin = (iteration * self.size + self.rank) * self.batch_size
                indices = order[begin : begin + self.batch_size]
                yield BatchTask(number, indices, number * self.samples + indices)
            start = 0
