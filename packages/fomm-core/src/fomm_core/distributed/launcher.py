"""Facts that an MPI launcher (``mpirun``, ``srun``) tells each process that it starts.

Launchers leave them in the environment, each under names of its own. They are known before MPI is
asked, and with no MPI installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

# MPICH and others that build on Hydra, Open MPI, MVAPICH2 and Slurm, in this order. SLURM_NTASKS
# is set in a batch script too, of which there is one process; these only below srun.
_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
_LOCAL_RANKS = (
    "MPI_LOCALRANKID",
    "OMPI_COMM_WORLD_LOCAL_RANK",
    "MV2_COMM_WORLD_LOCAL_RANK",
    "SLURM_LOCALID",
)
_LOCAL_SIZES = (
    "MPI_LOCALNRANKS",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "MV2_COMM_WORLD_LOCAL_SIZE",
    "SLURM_STEP_TASKS_PER_NODE",
)

# Slurm writes `2(x3)` where three machines have two processes each, `2(x3),1` where they differ.
_NUMBER = re.compile(r"([0-9]+)(?:\(x[0-9]+\))?")


def launched_size(environment: Mapping[str, str]) -> int:
    """Number of processes that an MPI launcher says it started; 1 without a launcher.

    Where launchers start one another, it is the largest of their numbers.
    """
    return max([1, *_numbers(environment, _SIZES)])


def local_rank(environment: Mapping[str, str]) -> int:
    """Number of this process among those of its machine, from 0; 0 where nothing tells."""
    return next(_numbers(environment, _LOCAL_RANKS), 0)


def local_size(environment: Mapping[str, str], default: int) -> int:
    """Number of the launched processes that run on this machine.

    Args:
        environment: where launchers leave their variables.
        default: the answer where nothing tells, as when Slurm's machines have different numbers.

    Returns:
        At least 1, or ``default``.
    """
    return next((size for size in _numbers(environment, _LOCAL_SIZES) if size), default)


def _numbers(environment: Mapping[str, str], names: Sequence[str]) -> Iterator[int]:
    """The numbers that the environment has under some names, in their order."""
    for name in names:
        if found := _NUMBER.fullmatch(environment.get(name, "")):
            yield int(found[1])
