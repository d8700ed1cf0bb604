from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path

import pytest

from fomm_core.distributed import MpiCommunicator, SingleProcess, join_ranks
from fomm_core.errors import DistributedError
from mpi_launcher import mpirun_or_skip


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
    shares = [MpiCommunicator(World(rank, size)).share(range(5)) for rank in range(size)]
    assert sorted(item for share in shares for item in share) == list(range(5))


def test_the_others_are_told_to_stop_and_messages_do_not_linger():
    world = World(1, 3, waiting=2)
    ranks = MpiCommunicator(world)
    assert ranks.is_stopped()
    ranks.stop_others()
    assert world.sent == [0, 2]
    assert ranks.gather("x") == ["x"] * 3
    assert not ranks.is_stopped()


def test_a_single_process_needs_no_mpi(monkeypatch):
    imported = builtins.__import__

    def no_mpi(name, *args, **kwargs):
        assert not name.startswith("mpi4py")
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_mpi)
    ranks = join_ranks({})
    assert isinstance(ranks, SingleProcess)
    assert (ranks.rank, ranks.size, ranks.is_main, ranks.gather(3)) == (0, 1, True, [3])


def test_a_launcher_without_mpi4py_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(DistributedError, match=r"pip install 'fomm-core\[mpi\]'"):
        join_ranks({"PMI_SIZE": "2"})


def test_an_mpi_that_sees_nobody_is_told(monkeypatch):
    class Module:
        class MPI:
            COMM_WORLD = World(0, 1)

    monkeypatch.setitem(sys.modules, "mpi4py", Module)
    with pytest.raises(DistributedError, match="the launcher started 2, MPI sees 1"):
        join_ranks({"OMPI_COMM_WORLD_SIZE": "2"})


def test_ranks_that_do_not_see_each_other_are_an_error():
    pytest.importorskip("mpi4py")
    with pytest.raises(DistributedError, match="started 2, MPI sees 1"):
        join_ranks({"PMI_SIZE": "2"})


@pytest.mark.mpi
def test_collectives():
    script = Path(__file__).parent / "collectives.py"
    launcher = [mpirun_or_skip(), "-n", "3", sys.executable, script]
    done = subprocess.run(
        [*map(str, launcher)], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout) == (0, "checked\n"), done.stderr
