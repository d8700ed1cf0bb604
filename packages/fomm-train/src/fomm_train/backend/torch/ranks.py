"""Ranks of a training on PyTorch: through MPI or torch.distributed, by launcher and device."""

from __future__ import annotations

import os
from collections.abc import Mapping

import torch.distributed as dist

from fomm_core.distributed import Communicator, SingleProcess, connect_mpi, join_ranks
from fomm_core.distributed.launcher import launched_size
from fomm_core.errors import DistributedError
from fomm_train.backend.torch.mpi import MpiTensorCommunicator
from fomm_train.backend.torch.rendezvous import find_rendezvous, meet_by_mpi
from fomm_train.backend.torch.torch_distributed import join_group


def join_torch_ranks(context: str, environment: Mapping[str, str] = os.environ) -> Communicator:
    """Join the other ranks, if a launcher (``mpirun``, ``torchrun``, ``srun``) started several.

    Those of ``mpirun`` that all compute on CPUs talk through MPI, all others through
    torch.distributed.

    Args:
        context: where this process computes, as ``--context`` names it.
        environment: where launchers leave their variables.

    Raises:
        DistributedError: several processes were started and do not find one another.
    """
    size = launched_size(environment)
    if size == 1:
        return SingleProcess()
    place = find_rendezvous(environment)
    if place is None:
        return _join_by_mpi(context, environment)
    _require_distributed(size)
    return join_group(place)


def _join_by_mpi(context: str, environment: Mapping[str, str]) -> Communicator:
    """Join the ranks of ``mpirun``, which tells those with GPUs where else to meet."""
    mpi = join_ranks(environment, _connect)
    if set(mpi.gather(context)) == {"cpu"}:
        return mpi
    _require_distributed(mpi.size)
    return join_group(meet_by_mpi(mpi, environment))


def _require_distributed(size: int) -> None:
    if not dist.is_available():
        raise DistributedError(
            f"several processes: expected PyTorch with torch.distributed, as the launcher started "
            f"{size}, found it without; install another build of it"
        )


def _connect() -> Communicator:
    """Join the ranks that MPI sees, which can exchange tensors."""
    return connect_mpi(MpiTensorCommunicator)
