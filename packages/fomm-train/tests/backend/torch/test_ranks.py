"""Through what ranks talk; that they do is tested in tests/run."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("torch")

from fomm_core.distributed import SingleProcess
from fomm_core.errors import DistributedError
from fomm_train.backend.torch import ranks as module
from fomm_train.backend.torch.ranks import join_torch_ranks

BELOW_MPIRUN = {"PMI_SIZE": "2", "PMI_RANK": "1"}
BELOW_TORCHRUN = {"WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1"}


class Pair(SingleProcess):
    """The second of two ranks; the first computes on a device of its own."""

    rank, size = 1, 2

    def __init__(self, first):
        self.first = first

    def gather(self, value):
        return [self.first, value]


def test_one_process_joins_nobody():
    assert isinstance(join_torch_ranks("cpu", {}), SingleProcess)


@pytest.mark.parametrize(
    ("environment", "contexts", "expected"),
    [
        (BELOW_MPIRUN, ("cpu", "cpu"), "MPI"),
        (BELOW_MPIRUN, ("cudnn", "cudnn"), "MPI tells where"),
        # That they differ is told later, by whatever all of them have joined.
        (BELOW_MPIRUN, ("cudnn", "cpu"), "MPI tells where"),
        (BELOW_TORCHRUN, ("cpu", "cpu"), "env://"),
    ],
)
def test_cpus_below_mpirun_talk_through_mpi_all_others_through_torch(
    monkeypatch, environment, contexts, expected
):
    pair = Pair(contexts[0])
    monkeypatch.setattr(module, "connect_mpi", lambda kind: pair)
    monkeypatch.setattr(module, "meet_by_mpi", lambda mpi, environment: "MPI tells where")
    monkeypatch.setattr(module, "join_group", lambda place: getattr(place, "address", place))
    joined = join_torch_ranks(contexts[1], environment)
    assert ("MPI" if joined is pair else joined) == expected


def test_below_mpirun_mpi_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(DistributedError, match=r"pip install 'fomm-core\[mpi\]'"):
        join_torch_ranks("cpu", BELOW_MPIRUN)


def test_ranks_that_mpi_does_not_see_are_told(monkeypatch):
    monkeypatch.setattr(module, "connect_mpi", lambda kind: SingleProcess())
    with pytest.raises(DistributedError, match="started 2, MPI sees 1"):
        join_torch_ranks("cpu", BELOW_MPIRUN)


def test_a_torch_without_distributed_is_told(monkeypatch):
    monkeypatch.setattr(module.dist, "is_available", lambda: False)
    with pytest.raises(DistributedError, match="install another build"):
        join_torch_ranks("cpu", BELOW_TORCHRUN)
