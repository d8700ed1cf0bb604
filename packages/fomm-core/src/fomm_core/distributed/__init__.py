"""Processes that share the work of one command, started by ``mpirun``, ``torchrun`` or ``srun``.

:func:`join_ranks` gives a :class:`Communicator`, which one process alone has too, so that
nothing else needs to know how many there are. Another library than mpi4py needs a subclass and
a function that connects it.
"""

from fomm_core.distributed.communicator import Communicator, SingleProcess, raise_on_all_ranks
from fomm_core.distributed.mpi import MpiCommunicator, connect_mpi, join_ranks

__all__ = [
    "Communicator",
    "MpiCommunicator",
    "SingleProcess",
    "connect_mpi",
    "join_ranks",
    "raise_on_all_ranks",
]
