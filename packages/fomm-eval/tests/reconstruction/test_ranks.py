from __future__ import annotations

import sys

import pytest

from fomm_core.errors import BrokenMediaError
from fomm_eval.errors import EvaluationError
from fomm_eval.reconstruction.ranks import MpiRanks, Ranks, agreed, join_ranks


class World:
    """What there is of a communicator, for one rank that hears nothing but its own words."""

    def __init__(self, rank, size, waiting=0):
        self.rank, self.size, self.waiting, self.sent = rank, size, waiting, []

    def Get_rank(self):
        return self.rank

    def Get_size(self):
        return self.size

    def allgather(self, value):
        return [value] * self.size

    def barrier(self):
        pass

    def iprobe(self, tag):
        return self.waiting > 0

    def recv(self, tag):
        self.waiting -= 1

    def isend(self, value, rank, tag):
        self.sent.append(rank)
        return self

    def wait(self):
        pass


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_item_is_in_exactly_one_share(size):
    shares = [MpiRanks(World(rank, size)).share(range(5)) for rank in range(size)]
    assert sorted(item for share in shares for item in share) == list(range(5))


def test_the_others_are_told_to_stop_and_messages_do_not_linger():
    world = World(1, 3, waiting=2)
    ranks = MpiRanks(world)
    assert ranks.is_stopped()
    ranks.stop_others()
    assert world.sent == [0, 2]
    assert ranks.gather("x") == ["x"] * 3
    assert not ranks.is_stopped()


def test_without_a_launcher_there_is_one_process():
    ranks = join_ranks({})
    assert (type(ranks), ranks.rank, ranks.size, ranks.gather(3)) == (Ranks, 0, 1, [3])


def test_a_launcher_without_mpi4py_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(EvaluationError, match=r"pip install 'fomm-eval\[mpi\]'"):
        join_ranks({"PMI_SIZE": "2"})


def test_an_mpi_that_sees_nobody_is_told(monkeypatch):
    class Module:
        class MPI:
            COMM_WORLD = World(0, 1)

    monkeypatch.setitem(sys.modules, "mpi4py", Module)
    with pytest.raises(EvaluationError, match="the launcher started 2, MPI sees 1"):
        join_ranks({"OMPI_COMM_WORLD_SIZE": "2"})


class OneHasFailed(Ranks):
    """One process alone that hears of another which failed."""

    def gather(self, value):
        return [value, "data: found none"]


def test_what_fails_elsewhere_fails_here():
    with pytest.raises(EvaluationError, match="data: found none"), agreed(OneHasFailed()):
        pass


def test_what_fails_here_is_told_with_its_cause():
    with pytest.raises(EvaluationError, match=r"^broken$") as told, agreed(Ranks()):
        raise BrokenMediaError("broken", 3)
    assert isinstance(told.value.__cause__, BrokenMediaError)
