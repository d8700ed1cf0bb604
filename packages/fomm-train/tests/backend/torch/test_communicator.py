"""Where ranks meet, by what the launchers say; that they do is tested in tests/run."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("torch")

from fomm_core.distributed import SingleProcess
from fomm_core.errors import DistributedError
from fomm_train.backend.torch import communicator as module
from fomm_train.backend.torch.communicator import (
    TorchCommunicator,
    find_rendezvous,
    group_backends,
    join_torch_ranks,
)

SLURM = {
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_PROCID": "3",
    "SLURM_STEP_NODELIST": "gpu[03,07]",
    "SLURM_JOB_ID": "4711",
    "SLURM_STEP_ID": "2",
}
MASTER = {"MASTER_ADDR": "a", "MASTER_PORT": "1"}


def test_one_process_joins_nobody():
    assert isinstance(join_torch_ranks({}), SingleProcess)


def test_torchrun_says_where():
    place = find_rendezvous(4, {"WORLD_SIZE": "4", "RANK": "2", **MASTER})
    assert (place.rank, place.address, place.store) == (2, "env://", None)
    place = find_rendezvous(4, {**SLURM, **MASTER})
    assert (place.rank, place.address) == (3, "env://")


def test_below_srun_it_follows_and_differs_between_steps():
    place = find_rendezvous(4, {**SLURM, "SLURM_STEP_TASKS_PER_NODE": "2(x2)"})
    host, port = place.address.removeprefix("tcp://").split(":")
    assert (place.rank, host) == (3, "gpu03")
    assert 15000 <= int(port) < 30000
    other = find_rendezvous(4, {**SLURM, "SLURM_STEP_ID": "3"})
    assert other.address != place.address


def test_on_one_machine_ranks_meet_on_it():
    place = find_rendezvous(4, {**SLURM, "SLURM_STEP_TASKS_PER_NODE": "4"})
    assert place.address.startswith("tcp://127.0.0.1:")


def test_without_either_mpi_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(DistributedError, match=r"pip install 'fomm-core\[mpi\]'"):
        find_rendezvous(2, {"PMI_SIZE": "2", "PMI_RANK": "1"})


def test_a_rank_that_is_gone_is_told(monkeypatch):
    def broken(*_):
        raise RuntimeError("[pair.cc:553] Connection closed by peer\n[127.0.0.1]:26538")

    monkeypatch.setattr(module.dist, "get_rank", lambda: 0)
    monkeypatch.setattr(module.dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(module.dist, "all_gather_object", broken)
    ranks = TorchCommunicator(0, lambda code: None)
    with pytest.raises(
        DistributedError, match=r"expected all ranks .* closed by peer \[127"
    ) as told:
        ranks.gather(1)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("gpu", "nccl", "expected"),
    [
        (True, True, "cpu:gloo,cuda:nccl"),
        (False, True, "gloo"),  # the build that pip installs, on a machine without a GPU
        (True, False, "gloo"),
    ],
)
def test_nccl_is_asked_for_beside_a_gpu_only(monkeypatch, gpu, nccl, expected):
    monkeypatch.setattr(module.torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(module.dist, "is_nccl_available", lambda: nccl)
    assert group_backends() == expected
