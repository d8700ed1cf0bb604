"""The ranks of a distributed run, behind one interface; one process alone is the usual case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fomm_core.errors import DistributedError, FommError

T = TypeVar("T")
SingleArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]


class Communicator(ABC):
    """The processes that run the same program, each on its share of the work.

    What arrays hold is exchanged in place, in the memory of the host. Collective calls (all but
    :meth:`share`, :meth:`share_blocks`, :meth:`stop_others`, :meth:`is_stopped` and
    :meth:`abort`) must be made by all ranks in the same order.

    Attributes:
        rank: number of this process, 0 .. size - 1; rank 0 writes what there is one of.
        size: number of processes.
        local_rank: number of this process among those of its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0, which shows progress and writes what there is one of."""
        return self.rank == 0

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Take this rank's part of the work; every item is in exactly one."""
        return items[self.rank :: self.size]

    def share_blocks(self, items: Sequence[T]) -> Sequence[T]:
        """Take this rank's part as :meth:`share` does, but of items that follow one another."""
        begin, end = (len(items) * rank // self.size for rank in (self.rank, self.rank + 1))
        return items[begin:end]

    @abstractmethod
    def gather(self, value: T) -> list[T]:
        """Collect a value of every rank, in order of rank, on every rank.

        Args:
            value: anything that can be pickled.
        """

    @abstractmethod
    def broadcast(self, arrays: Sequence[SingleArray]) -> None:
        """Replace arrays, of the same shapes on all ranks, by those of rank 0."""

    @abstractmethod
    def all_reduce_mean(self, arrays: Sequence[SingleArray]) -> None:
        """Replace arrays, of the same shapes on all ranks, by their means over the ranks."""

    @abstractmethod
    def all_reduce_sum(self, array: DoubleArray) -> None:
        """Replace a contiguous array, of the same shape on all ranks, by its sum."""

    @abstractmethod
    def barrier(self) -> None:
        """Wait until all ranks are here."""

    def stop_others(self) -> None:  # noqa: B027 - a hint, which not every library can send
        """Let the others know that their work is in vain; it need not arrive."""

    def is_stopped(self) -> bool:
        """Whether another rank has called :meth:`stop_others`, as far as is known."""
        return False

    @abstractmethod
    def abort(self, code: int) -> None:
        """End the processes of all ranks at once with an exit code, where some would wait."""


class SingleProcess(Communicator):
    """One process; every collective is nothing."""

    def gather(self, value: T) -> list[T]:
        """Return the only value."""
        return [value]

    def broadcast(self, arrays: Sequence[SingleArray]) -> None:
        """Do nothing: there is no other rank."""

    def all_reduce_mean(self, arrays: Sequence[SingleArray]) -> None:
        """Do nothing: the mean of one is itself."""

    def all_reduce_sum(self, array: DoubleArray) -> None:
        """Do nothing: the sum of one is itself."""

    def barrier(self) -> None:
        """Do nothing: there is no other rank."""

    def abort(self, code: int) -> None:
        """Do nothing: the error ends this process."""


@contextmanager
def raise_on_all_ranks(communicator: Communicator) -> Iterator[None]:
    """Run the block on all ranks; where it fails on one, it fails on all.

    Otherwise the others would wait for ever for the one that is gone, as when only some
    machines have the data.

    Raises:
        DistributedError: with the message of the first rank that met a FommError.
    """
    problem = None
    try:
        yield
    except FommError as error:
        problem = error
    messages = [found for found in communicator.gather(problem and str(problem)) if found]
    if messages:
        raise DistributedError(messages[0]) from problem
