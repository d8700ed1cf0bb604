"""The processes that share the work when started by ``mpirun``; one process is the usual case."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from fomm_core.distributed import launched_size
from fomm_core.errors import FommError
from fomm_eval.errors import EvaluationError

T = TypeVar("T")


class Ranks:
    """One process alone.

    Attributes:
        rank: number of this process, 0 .. size - 1.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """This process's part of the work; every item is in exactly one."""
        return items[self.rank :: self.size]

    def gather(self, value: T) -> list[T]:
        """The values of all processes in order of rank, on every process."""
        return [value]

    def stop_others(self) -> None:
        """Let the other processes know that their work is in vain."""

    def is_stopped(self) -> bool:
        """Whether another process has called :meth:`stop_others`."""
        return False

    def abort(self, code: int) -> None:
        """End all processes at once with an exit code, where the others would wait for ever."""


class MpiRanks(Ranks):
    """Processes that talk through mpi4py.

    Args:
        world: an ``mpi4py.MPI.Comm``.
    """

    _STOP_TAG = 7

    def __init__(self, world: Any) -> None:
        self._world = world
        self.rank = int(world.Get_rank())
        self.size = int(world.Get_size())
        self._sent: list[Any] = []

    def gather(self, value: T) -> list[T]:
        """The values of all processes in order of rank, on every process."""
        gathered: list[T] = self._world.allgather(value)
        self._receive_all()
        return gathered

    def stop_others(self) -> None:
        """Let the other processes know that their work is in vain."""
        others = (rank for rank in range(self.size) if rank != self.rank)
        self._sent += [self._world.isend(None, rank, self._STOP_TAG) for rank in others]

    def is_stopped(self) -> bool:
        """Whether another process has called :meth:`stop_others`."""
        return bool(self._world.iprobe(tag=self._STOP_TAG))

    def abort(self, code: int) -> None:
        """End all processes at once with an exit code, where the others would wait for ever."""
        self._world.Abort(code)

    def _receive_all(self) -> None:
        """Take what was sent and not looked at, so that MPI can end in good order."""
        self._world.barrier()
        while self._world.iprobe(tag=self._STOP_TAG):
            self._world.recv(tag=self._STOP_TAG)
        for request in self._sent:
            request.wait()
        self._sent.clear()


def join_ranks(environment: Mapping[str, str] = os.environ) -> Ranks:
    """Join the other processes, if a launcher started several.

    Raises:
        EvaluationError: it did, but mpi4py is not installed or does not see the others.
    """
    launched = launched_size(environment)
    if launched == 1:
        return Ranks()
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise EvaluationError(
            f"several processes: expected mpi4py with an MPI library, found none ({reason}); "
            "install them with: pip install 'fomm-eval[mpi]'"
        ) from None
    ranks = MpiRanks(MPI.COMM_WORLD)
    if ranks.size != launched:
        raise EvaluationError(
            f"several processes: the launcher started {launched}, MPI sees {ranks.size}; use the "
            "mpirun of the MPI library that mpi4py was installed with"
        )
    return ranks


@contextmanager
def agreed(ranks: Ranks) -> Iterator[None]:
    """Run the block on all processes; where it fails on one, it fails on all.

    Otherwise the others would wait for ever for the one that is gone, as when only some
    machines have the data.

    Raises:
        EvaluationError: with the message of the first process that met a FommError.
    """
    problem = None
    try:
        yield
    except FommError as error:
        problem = error
    messages = [found for found in ranks.gather(problem and str(problem)) if found]
    if messages:
        raise EvaluationError(messages[0]) from problem
