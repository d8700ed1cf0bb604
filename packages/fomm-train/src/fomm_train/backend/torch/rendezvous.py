"""The place where the ranks of torch.distributed meet, by what their launcher says."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch.distributed as dist

from fomm_core.distributed import Communicator
from fomm_core.distributed.launcher import (
    launched_rank,
    launched_size,
    local_rank,
    local_size,
    slurm_main_host,
)
from fomm_core.errors import DistributedError

_LOCALHOST = "127.0.0.1"
_FIRST_PORT = 15000
_PORTS = 15000


@dataclass(frozen=True, eq=False)
class Rendezvous:
    """The place where all ranks meet.

    Attributes:
        rank, size, local_rank: of this process, as :class:`~fomm_core.distributed.Communicator`
            has them.
        address: as torch.distributed takes it, or none where there is a store.
        store: that of rank 0, to which this process is connected.
        end_all: ends the processes of all ranks with an exit code.
    """

    rank: int
    size: int
    local_rank: int
    address: str | None
    store: dist.Store | None
    end_all: Callable[[int], None]


def find_rendezvous(environment: Mapping[str, str]) -> Rendezvous | None:
    """Find out where to meet: torchrun says it, and below srun it follows.

    Args:
        environment: where launchers leave their variables; of several processes.

    Returns:
        None where neither started this process.
    """
    if "MASTER_ADDR" in environment and "MASTER_PORT" in environment:
        return _meet_at("env://", environment)
    host = slurm_main_host(environment)
    if host is None:
        return None
    if local_size(environment, 0) == launched_size(environment):
        host = _LOCALHOST
    return _meet_at(f"tcp://{host}:{_slurm_port(environment)}", environment)


def meet_by_mpi(mpi: Communicator, environment: Mapping[str, str]) -> Rendezvous:
    """Let MPI tell all ranks where rank 0 listens, and end them all where one fails.

    Raises:
        DistributedError: rank 0 cannot be reached.
    """
    store = None
    if mpi.is_main:
        store = dist.TCPStore(_LOCALHOST, 0, mpi.size, is_master=True, wait_for_workers=False)
    host = _LOCALHOST if local_size(environment, 0) == mpi.size else socket.gethostname()
    address, port = mpi.gather((host, store.port if store else 0))[0]
    if store is None:
        store = _connect_store(address, port, mpi.size)
    return Rendezvous(mpi.rank, mpi.size, mpi.local_rank, None, store, mpi.abort)


def _connect_store(address: str, port: int, size: int) -> dist.Store:
    """Connect to the store of rank 0."""
    try:
        return dist.TCPStore(address, port, size, is_master=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise DistributedError(
            f"several processes: expected rank 0 at {address}:{port}, found no way to it "
            f"({reason}); see what that one has said"
        ) from error


def _meet_at(address: str, environment: Mapping[str, str]) -> Rendezvous:
    """A place that each process knows by itself."""
    return Rendezvous(
        launched_rank(environment),
        launched_size(environment),
        local_rank(environment),
        address,
        None,
        _end_this_process,
    )


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
