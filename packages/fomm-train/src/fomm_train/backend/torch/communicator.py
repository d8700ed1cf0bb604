"""Ranks that talk through torch.distributed: gloo on CPUs, NCCL between GPUs."""

from __future__ import annotations

import atexit
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from fomm_core.distributed import Communicator, SingleProcess, connect_mpi
from fomm_core.distributed.communicator import DoubleArray, SingleArray
from fomm_core.distributed.launcher import (
    launched_rank,
    launched_size,
    local_rank,
    local_size,
    slurm_main_host,
)
from fomm_core.errors import DistributedError

T = TypeVar("T")

_LOCALHOST = "127.0.0.1"
_FIRST_PORT = 15000
_PORTS = 15000


class TorchCommunicator(Communicator):
    """Processes that have joined torch.distributed's default group.

    Tensors are exchanged where they are, on the CPU or on GPUs.

    Args:
        local: number of this process among those of its machine.
        end_all: ends the processes of all ranks with an exit code.
    """

    def __init__(self, local: int, end_all: Callable[[int], None]) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self.local_rank = local
        self._end_all = end_all

    # ----- tensors

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace tensors of one type, of the same shapes on all ranks, by their means."""
        packed = torch.cat([tensor.reshape(-1) for tensor in tensors])
        self.add(packed)
        packed /= self.size
        _unpack(packed, tensors)

    def add(self, tensor: torch.Tensor) -> None:
        """Replace a contiguous tensor, of the same shape on all ranks, by its sum."""
        with _as_distributed_error():
            dist.all_reduce(tensor)

    def collect(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensors of all ranks, of the same shape, along a new first axis."""
        found = [torch.empty_like(tensor) for _ in range(self.size)]
        with _as_distributed_error():
            dist.all_gather(found, tensor)
        return torch.stack(found)

    def copy_from_main(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace tensors of one type, of the same shapes on all ranks, by those of rank 0."""
        packed = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _as_distributed_error():
            dist.broadcast(packed, src=0)
        _unpack(packed, tensors)

    # ----- values in the memory of the host

    def gather(self, value: T) -> list[T]:
        found: list[Any] = [None] * self.size
        with _as_distributed_error():
            dist.all_gather_object(found, value)
        return found

    def broadcast(self, arrays: Sequence[SingleArray]) -> None:
        self.copy_from_main([torch.from_numpy(array) for array in arrays])

    def all_reduce_mean(self, arrays: Sequence[SingleArray]) -> None:
        self.average([torch.from_numpy(array) for array in arrays])

    def all_reduce_sum(self, array: DoubleArray) -> None:
        self.add(torch.from_numpy(array))

    def barrier(self) -> None:
        self.add(torch.zeros(1))

    def abort(self, code: int) -> None:
        self._end_all(code)


@dataclass(frozen=True, eq=False)
class Rendezvous:
    """The place where all ranks meet.

    Attributes:
        rank: number of this process.
        address: as torch.distributed takes it, or none where there is a store.
        store: that of rank 0, to which this process is connected.
        end_all: ends the processes of all ranks with an exit code.
    """

    rank: int
    address: str | None
    store: Any
    end_all: Callable[[int], None]


def join_torch_ranks(environment: Mapping[str, str] = os.environ) -> Communicator:
    """Join the other ranks, if a launcher (``mpirun``, ``torchrun``, ``srun``) started several.

    Args:
        environment: where launchers leave their variables.

    Raises:
        DistributedError: several processes were started and do not find one another.
    """
    size = launched_size(environment)
    if size == 1:
        return SingleProcess()
    if not dist.is_available():
        raise DistributedError(
            f"several processes: expected PyTorch with torch.distributed, as the launcher started "
            f"{size}, found it without; install another build of it"
        )
    place = find_rendezvous(size, environment)
    local = local_rank(environment)
    if torch.cuda.is_available():
        torch.cuda.set_device(local % torch.cuda.device_count())
    with _as_distributed_error():
        dist.init_process_group(
            group_backends(),
            init_method=place.address,
            store=place.store,
            rank=place.rank,
            world_size=size,
        )
    atexit.register(dist.destroy_process_group)
    return TorchCommunicator(local, place.end_all)


def group_backends() -> str:
    """The backends of torch.distributed: NCCL only beside a GPU, without which it refuses."""
    has_nccl = torch.cuda.is_available() and dist.is_nccl_available()
    return "cpu:gloo,cuda:nccl" if has_nccl else "gloo"


def find_rendezvous(size: int, environment: Mapping[str, str]) -> Rendezvous:
    """Find out where to meet: torchrun says it, below srun it follows, else MPI tells.

    Args:
        size: number of processes, more than one.
        environment: where launchers leave their variables.

    Raises:
        DistributedError: only MPI could tell, and it is not installed or sees others.
    """
    rank = launched_rank(environment)
    if "MASTER_ADDR" in environment and "MASTER_PORT" in environment:
        return Rendezvous(rank, "env://", None, _end_this_process)
    host = slurm_main_host(environment)
    if host is None:
        return _ask_mpi(size, environment)
    if local_size(environment, 0) == size:
        host = _LOCALHOST
    address = f"tcp://{host}:{_slurm_port(environment)}"
    return Rendezvous(rank, address, None, _end_this_process)


def _ask_mpi(size: int, environment: Mapping[str, str]) -> Rendezvous:
    """Let MPI tell all ranks where rank 0 listens, and end them all where one fails."""
    mpi = connect_mpi()
    if mpi.size != size:
        raise DistributedError(
            f"several processes: the launcher started {size}, MPI sees {mpi.size}; use the mpirun "
            "of the MPI library that mpi4py was installed with, or torchrun"
        )
    store = None
    if mpi.is_main:
        store = dist.TCPStore(_LOCALHOST, 0, size, is_master=True, wait_for_workers=False)
    host = _LOCALHOST if local_size(environment, 0) == size else socket.gethostname()
    address, port = mpi.gather((host, store and store.port))[0]
    if store is None:
        with _as_distributed_error():
            store = dist.TCPStore(address, port, size, is_master=False)
    return Rendezvous(mpi.rank, None, store, mpi.abort)


def _slurm_port(environment: Mapping[str, str]) -> int:
    """A port that all ranks of a Slurm step derive alike, and other steps hardly do."""
    numbers = (environment.get(name, "0") for name in ("SLURM_JOB_ID", "SLURM_STEP_ID"))
    job, step = (int(number) if number.isdecimal() else 0 for number in numbers)
    return _FIRST_PORT + (job * 13 + step) % _PORTS


def _end_this_process(code: int) -> None:
    """End at once: the launcher ends the others, or they see that the connection broke."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def _as_distributed_error() -> Iterator[None]:
    """Tell a connection that breaks, as when another rank ends.

    Raises:
        DistributedError: in place of torch.distributed's own exceptions.
    """
    try:
        yield
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise DistributedError(
            "several processes: expected all ranks to go on, found no way to talk to one; see "
            f"what that one has said ({reason})"
        ) from error


def _unpack(packed: torch.Tensor, tensors: Sequence[torch.Tensor]) -> None:
    parts = packed.split([tensor.numel() for tensor in tensors])
    with torch.no_grad():
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))
