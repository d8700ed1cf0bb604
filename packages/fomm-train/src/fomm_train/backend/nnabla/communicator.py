"""Ranks whose arrays are NNabla's: on GPUs they travel without leaving them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import nnabla as nn
import numpy as np

from fomm_core.distributed import Communicator, connect_mpi, join_ranks
from fomm_core.distributed.communicator import DoubleArray, SingleArray
from fomm_core.errors import DistributedError

T = TypeVar("T")


class NNablaCommunicator(Communicator):
    """Ranks on GPUs, through NNabla's multi-process data parallel communicator (NCCL).

    Args:
        inner: an initialised ``nnabla.communicators.MultiProcessDataParallelCommunicator``.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.rank = int(inner.rank)
        self.size = int(inner.size)
        self.local_rank = int(inner.local_rank)

    def gather(self, value: T) -> list[T]:
        """Collect a value of every rank; it travels as the float32 numbers of its bytes."""
        own = np.frombuffer(pickle.dumps(value), np.uint8)
        lengths = np.zeros(self.size)
        lengths[self.rank] = len(own)
        self.all_reduce_sum(lengths)
        rows = np.zeros((self.size, int(lengths.max())))
        rows[self.rank, : len(own)] = own
        self.all_reduce_sum(rows)
        rows_and_lengths = zip(rows.astype(np.uint8), lengths, strict=True)
        return [pickle.loads(row[: int(length)].tobytes()) for row, length in rows_and_lengths]

    def broadcast(self, arrays: Sequence[SingleArray]) -> None:
        shared = [nn.NdArray.from_numpy_array(array) for array in arrays]
        self.inner.bcast(shared, 0)
        _copy(shared, arrays)

    def all_reduce_mean(self, arrays: Sequence[SingleArray]) -> None:
        shared = [nn.NdArray.from_numpy_array(array) for array in arrays]
        self.inner.all_reduce(shared, division=True, inplace=False)
        _copy(shared, arrays)

    def all_reduce_sum(self, array: DoubleArray) -> None:
        shared = nn.NdArray.from_numpy_array(array.astype(np.float32))
        self.inner.all_reduce([shared], division=False, inplace=False)
        array[...] = shared.data

    def barrier(self) -> None:
        self.inner.barrier()

    def abort(self, code: int) -> None:
        self.inner.abort()


def join_training_ranks(context: str, environment: Mapping[str, str] = os.environ) -> Communicator:
    """Join the other ranks, if a launcher started several.

    Args:
        context: ``"cpu"`` or ``"cudnn"``.
        environment: where launchers leave their variables.

    Raises:
        DistributedError: several processes were started, but what they talk through is not
            installed or does not see the others.
    """
    return join_ranks(environment, connect_gpus if context == "cudnn" else connect_mpi)


def connect_gpus() -> Communicator:
    """Join the ranks that NNabla's communicator sees, one on each GPU.

    Raises:
        DistributedError: it cannot start.
    """
    import nnabla.communicators as C
    from nnabla.ext_utils import get_extension_context

    try:
        inner = C.MultiProcessDataParallelCommunicator(get_extension_context("cudnn"))
        inner.init()
    except (ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DistributedError(
            f"distributed training: NNabla's GPU communicator cannot start: {reason}; it needs "
            "nnabla-ext-cuda120 and a system MPI"
        ) from None
    return NNablaCommunicator(inner)


def average(communicator: Communicator, arrays: Sequence[nn.NdArray]) -> None:
    """Replace float32 arrays, of the same shapes on all ranks, by their means over the ranks."""
    if isinstance(communicator, NNablaCommunicator):
        communicator.inner.all_reduce(list(arrays), division=True, inplace=False)
    elif communicator.size > 1:  # one process would fetch them from its GPU for nothing
        communicator.all_reduce_mean([array.data for array in arrays])


def copy_from_main(communicator: Communicator, arrays: Sequence[nn.NdArray]) -> None:
    """Replace float32 arrays, of the same shapes on all ranks, by those of rank 0."""
    if isinstance(communicator, NNablaCommunicator):
        communicator.inner.bcast(list(arrays), 0)
    elif communicator.size > 1:
        communicator.broadcast([array.data for array in arrays])


def _copy(shared: Sequence[nn.NdArray], arrays: Sequence[SingleArray]) -> None:
    for source, target in zip(shared, arrays, strict=True):
        target[...] = source.data
