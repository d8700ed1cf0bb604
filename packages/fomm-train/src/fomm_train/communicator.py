"""Talk between the ranks of a distributed training, behind one interface.

Ranks run the same program on different data. On CPUs they talk through mpi4py, on GPUs through
NNabla's own communicator; a single process talks to nobody. Every collective call must be made
by all ranks in the same order.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import nnabla as nn
import numpy as np
import numpy.typing as npt

from fomm_core.distributed import launched_size, local_rank
from fomm_train.errors import TrainingError

NumberArray = npt.NDArray[np.float64]


class Communicator(ABC):
    """The ranks of a training.

    Attributes:
        rank: number of this process, 0 .. size - 1; rank 0 writes files.
        size: number of processes.
        local_rank: number of this process among those of its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_main(self) -> bool:
        """Whether this rank writes files and shows progress."""
        return self.rank == 0

    @abstractmethod
    def all_reduce_mean(self, arrays: Sequence[nn.NdArray]) -> None:
        """Replace float32 arrays, of the same shapes on all ranks, by their means."""

    @abstractmethod
    def all_reduce_sum(self, array: NumberArray) -> None:
        """Replace a contiguous float64 array by its sum over the ranks."""

    @abstractmethod
    def broadcast(self, arrays: Sequence[nn.NdArray]) -> None:
        """Replace float32 arrays by those of rank 0."""

    @abstractmethod
    def barrier(self) -> None:
        """Wait until all ranks are here."""

    @abstractmethod
    def abort(self, code: int) -> None:
        """End the processes of all ranks at once with an exit code."""


class SingleProcess(Communicator):
    """One process; every collective is nothing."""

    def all_reduce_mean(self, arrays: Sequence[nn.NdArray]) -> None:
        """Do nothing: the mean of one is itself."""

    def all_reduce_sum(self, array: NumberArray) -> None:
        """Do nothing: the sum of one is itself."""

    def broadcast(self, arrays: Sequence[nn.NdArray]) -> None:
        """Do nothing: there is no other rank."""

    def barrier(self) -> None:
        """Do nothing: there is no other rank."""

    def abort(self, code: int) -> None:
        """Do nothing: the error ends this process."""


class MpiCommunicator(Communicator):
    """Ranks on CPUs, through mpi4py.

    Args:
        world: an ``mpi4py.MPI.Comm``.
    """

    def __init__(self, world: Any) -> None:
        self._world = world
        self.rank = int(world.Get_rank())
        self.size = int(world.Get_size())
        self.local_rank = local_rank(os.environ)
        self._packed = np.empty(0, dtype=np.float32)

    def all_reduce_mean(self, arrays: Sequence[nn.NdArray]) -> None:
        from mpi4py import MPI

        packed = self._pack(arrays)
        self._world.Allreduce(MPI.IN_PLACE, packed, op=MPI.SUM)
        packed /= np.float32(self.size)
        _unpack(packed, arrays)

    def all_reduce_sum(self, array: NumberArray) -> None:
        from mpi4py import MPI

        self._world.Allreduce(MPI.IN_PLACE, array, op=MPI.SUM)

    def broadcast(self, arrays: Sequence[nn.NdArray]) -> None:
        packed = self._pack(arrays)
        self._world.Bcast(packed, root=0)
        _unpack(packed, arrays)

    def barrier(self) -> None:
        self._world.Barrier()

    def abort(self, code: int) -> None:
        self._world.Abort(code)

    def _pack(self, arrays: Sequence[nn.NdArray]) -> npt.NDArray[np.float32]:
        """Copy arrays into one, so that they travel as one message; its memory is kept."""
        total = sum(array.size for array in arrays)
        if self._packed.size < total:
            self._packed = np.empty(total, dtype=np.float32)
        packed = self._packed[:total]
        start = 0
        for array in arrays:
            packed[start : start + array.size] = array.data.ravel()
            start += array.size
        return packed


class NNablaCommunicator(Communicator):
    """Ranks on GPUs, through NNabla's multi-process communicator (NCCL).

    Args:
        inner: an initialised ``nnabla.communicators.MultiProcessDataParallelCommunicator``.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.rank = int(inner.rank)
        self.size = int(inner.size)
        self.local_rank = int(inner.local_rank)

    def all_reduce_mean(self, arrays: Sequence[nn.NdArray]) -> None:
        self.inner.all_reduce(list(arrays), division=True, inplace=False)

    def all_reduce_sum(self, array: NumberArray) -> None:
        shared = nn.NdArray.from_numpy_array(array.astype(np.float32))
        self.inner.all_reduce([shared], division=False, inplace=False)
        array[...] = shared.data

    def broadcast(self, arrays: Sequence[nn.NdArray]) -> None:
        self.inner.bcast(list(arrays), 0)

    def barrier(self) -> None:
        self.inner.barrier()

    def abort(self, code: int) -> None:
        self.inner.abort()


def create(context: str, environment: Mapping[str, str] = os.environ) -> Communicator:
    """Join the other ranks, if a launcher started several.

    Args:
        context: ``"cpu"`` or ``"cudnn"``.
        environment: where launchers leave their variables.

    Raises:
        TrainingError: several processes were started, but what they talk through is not
            installed or does not see the others.
    """
    launched = launched_size(environment)
    if launched == 1:
        return SingleProcess()
    joined = _join_gpus() if context == "cudnn" else _join_cpus()
    if joined.size != launched:
        raise TrainingError(
            f"distributed training: the launcher started {launched} processes, MPI sees "
            f"{joined.size}; use the mpirun of the MPI library that mpi4py was installed with"
        )
    return joined


def _join_cpus() -> Communicator:
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise TrainingError(
            f"distributed training: expected mpi4py with an MPI library, found none ({error}); "
            "install them with: pip install 'fomm-train[mpi]'"
        ) from None
    return MpiCommunicator(MPI.COMM_WORLD)


def _join_gpus() -> Communicator:
    import nnabla.communicators as C
    from nnabla.ext_utils import get_extension_context

    try:
        inner = C.MultiProcessDataParallelCommunicator(get_extension_context("cudnn"))
        inner.init()
    except (ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise TrainingError(
            f"distributed training: NNabla's GPU communicator cannot start: {reason}; it needs "
            "nnabla-ext-cuda120 and a system MPI"
        ) from None
    return NNablaCommunicator(inner)


def _unpack(packed: npt.NDArray[np.float32], arrays: Sequence[nn.NdArray]) -> None:
    start = 0
    for array in arrays:
        array.data = packed[start : start + array.size].reshape(array.shape)
        start += array.size
