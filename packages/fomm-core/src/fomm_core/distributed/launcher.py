"""Facts that a launcher (``mpirun``, ``torchrun``, ``srun``) tells each process that it starts.

Launchers leave them in the environment, each under names of its own. They are known before the
processes talk to one another, and with no MPI installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Launcher:
    """A launcher's names of its variables.

    Attributes:
        size: number of processes.
        rank: number of this one.
        local_rank: its number among those of its machine.
        local_size: number of processes on its machine.
    """

    size: str
    rank: str
    local_rank: str
    local_size: str


# torchrun, MPICH and others that build on Hydra, Open MPI, MVAPICH2 and Slurm, in this order.
# SLURM_NTASKS is set in a batch script too, of which there is one process; these only below srun.
_LAUNCHERS = (
    _Launcher("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
    _Launcher("PMI_SIZE", "PMI_RANK", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
    _Launcher(
        "OMPI_COMM_WORLD_SIZE",
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_LOCAL_RANK",
        "OMPI_COMM_WORLD_LOCAL_SIZE",
    ),
    _Launcher(
        "MV2_COMM_WORLD_SIZE",
        "MV2_COMM_WORLD_RANK",
        "MV2_COMM_WORLD_LOCAL_RANK",
        "MV2_COMM_WORLD_LOCAL_SIZE",
    ),
    _Launcher("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"),
)

# Slurm writes `2(x3)` where three machines have two processes each, `2(x3),1` where they differ.
_NUMBER = re.compile(r"([0-9]+)(?:\(x[0-9]+\))?")
# And `gpu[03-05,07]-ib,login` for five machines.
_FIRST_HOST = re.compile(r"(?P<before>[^\[,]+)(?:\[(?P<number>[0-9]+)[^\]]*\](?P<after>[^\[,]*))?")


def launched_size(environment: Mapping[str, str]) -> int:
    """Number of processes that a launcher says it started; 1 without a launcher.

    Where launchers start one another, it is the largest of their numbers.
    """
    sizes = (_number(environment, launcher.size) for launcher in _LAUNCHERS)
    return max([1, *(size for size in sizes if size is not None)])


def launched_rank(environment: Mapping[str, str]) -> int:
    """Number of this process among all that were started, from 0; 0 where nothing tells.

    Where launchers start one another, the one that started most knows.
    """
    size = launched_size(environment)
    ranks = (
        _number(environment, launcher.rank)
        for launcher in _LAUNCHERS
        if _number(environment, launcher.size) == size
    )
    return next((rank for rank in ranks if rank is not None), 0)


def local_rank(environment: Mapping[str, str]) -> int:
    """Number of this process among those of its machine, from 0; 0 where nothing tells."""
    return next(_numbers(environment, [launcher.local_rank for launcher in _LAUNCHERS]), 0)


def local_size(environment: Mapping[str, str], default: int) -> int:
    """Number of the launched processes that run on this machine.

    Args:
        environment: where launchers leave their variables.
        default: the answer where nothing tells, as when Slurm's machines have different numbers.

    Returns:
        At least 1, or ``default``.
    """
    sizes = _numbers(environment, [launcher.local_size for launcher in _LAUNCHERS])
    return next((size for size in sizes if size), default)


def slurm_main_host(environment: Mapping[str, str]) -> str | None:
    """The machine of rank 0 of a Slurm step, where ``srun`` itself started the processes."""
    size = _number(environment, "SLURM_STEP_NUM_TASKS")
    if size is None or size < launched_size(environment):
        return None
    found = _FIRST_HOST.match(environment.get("SLURM_STEP_NODELIST", ""))
    return "".join(part or "" for part in found.groups()) if found else None


def _number(environment: Mapping[str, str], name: str) -> int | None:
    """The number that the environment has under a name."""
    found = _NUMBER.fullmatch(environment.get(name, ""))
    return int(found[1]) if found else None


def _numbers(environment: Mapping[str, str], names: list[str]) -> Iterator[int]:
    """The numbers that the environment has under some names, in their order."""
    numbers = (_number(environment, name) for name in names)
    return (number for number in numbers if number is not None)
