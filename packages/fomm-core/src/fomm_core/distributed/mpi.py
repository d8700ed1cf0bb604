"""Ranks on CPUs, which talk through mpi4py."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from fomm_core.distributed.communicator import (
    Communicator,
    DoubleArray,
    SingleArray,
    SingleProcess,
)
from fomm_core.distributed.launcher import launched_size, local_rank
from fomm_core.errors import DistributedError

T = TypeVar("T")


class MpiCommunicator(Communicator):
    """Processes of an MPI launcher.

    Args:
        world: an ``mpi4py.MPI.Comm``.
    """

    _STOP_TAG = 7

    def __init__(self, world: Any) -> None:
        self._world = world
        self.rank = int(world.Get_rank())
        self.size = int(world.Get_size())
        self.local_rank = local_rank(os.environ)
        self._packed = np.empty(0, dtype=np.float32)
        self._sent: list[Any] = []

    def gather(self, value: T) -> list[T]:
        gathered: list[T] = self._world.allgather(value)
        self._take_stop_messages()
        return gathered

    def broadcast(self, arrays: Sequence[SingleArray]) -> None:
        packed = self._pack(arrays)
        self._world.Bcast(packed, root=0)
        _unpack(packed, arrays)

    def all_reduce_mean(self, arrays: Sequence[SingleArray]) -> None:
        from mpi4py import MPI

        packed = self._pack(arrays)
        self._world.Allreduce(MPI.IN_PLACE, packed, op=MPI.SUM)
        packed /= np.float32(self.size)
        _unpack(packed, arrays)

    def all_reduce_sum(self, array: DoubleArray) -> None:
        from mpi4py import MPI

        self._world.Allreduce(MPI.IN_PLACE, array, op=MPI.SUM)

    def barrier(self) -> None:
        self._world.Barrier()

    def stop_others(self) -> None:
        others = (rank for rank in range(self.size) if rank != self.rank)
        self._sent += [self._world.isend(None, rank, self._STOP_TAG) for rank in others]

    def is_stopped(self) -> bool:
        return bool(self._world.iprobe(tag=self._STOP_TAG))

    def abort(self, code: int) -> None:
        self._world.Abort(code)

    def _pack(self, arrays: Sequence[SingleArray]) -> SingleArray:
        """Copy arrays into one, so that they travel as one message; its memory is kept."""
        total = sum(array.size for array in arrays)
        if self._packed.size < total:
            self._packed = np.empty(total, dtype=np.float32)
        packed = self._packed[:total]
        start = 0
        for array in arrays:
            packed[start : start + array.size] = array.ravel()
            start += array.size
        return packed

    def _take_stop_messages(self) -> None:
        """Take what was sent and not looked at, so that MPI can end in good order."""
        self._world.barrier()
        while self._world.iprobe(tag=self._STOP_TAG):
            self._world.recv(tag=self._STOP_TAG)
        for request in self._sent:
            request.wait()
        self._sent.clear()


def connect_mpi(kind: Callable[[Any], Communicator] = MpiCommunicator) -> Communicator:
    """Join the ranks that MPI sees.

    Args:
        kind: makes the communicator of an ``mpi4py.MPI.Comm``.

    Raises:
        DistributedError: mpi4py or an MPI library is not installed.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DistributedError(
            f"several processes: expected mpi4py with an MPI library, found none ({reason}); "
            "install them with: pip install 'fomm-core[mpi]'"
        ) from None
    return kind(MPI.COMM_WORLD)


def join_ranks(
    environment: Mapping[str, str] = os.environ,
    connect: Callable[[], Communicator] = connect_mpi,
) -> Communicator:
    """Join the other ranks, if a launcher started several.

    Args:
        environment: where launchers leave their variables.
        connect: called only where there are several; joins those that its library sees.

    Raises:
        DistributedError: several processes were started, but what they talk through is not
            installed or does not see the others.
    """
    launched = launched_size(environment)
    if launched == 1:
        return SingleProcess()
    joined = connect()
    if joined.size != launched:
        raise DistributedError(
            f"several processes: the launcher started {launched}, MPI sees {joined.size}; use the "
            "mpirun of the MPI library that mpi4py was installed with"
        )
    return joined


def _unpack(packed: SingleArray, arrays: Sequence[SingleArray]) -> None:
    start = 0
    for array in arrays:
        array[...] = packed[start : start + array.size].reshape(array.shape)
        start += array.size
