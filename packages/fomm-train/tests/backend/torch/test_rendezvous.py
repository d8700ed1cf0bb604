"""Where ranks meet, by what the launchers say; that they do is tested in tests/run."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from fomm_train.backend.torch.rendezvous import find_rendezvous

SLURM = {
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_PROCID": "3",
    "SLURM_STEP_NODELIST": "gpu[03,07]",
    "SLURM_JOB_ID": "4711",
    "SLURM_STEP_ID": "2",
}
MASTER = {"MASTER_ADDR": "a", "MASTER_PORT": "1"}


def test_torchrun_says_where():
    place = find_rendezvous({"WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "1", **MASTER})
    assert (place.rank, place.size, place.local_rank) == (2, 4, 1)
    assert (place.address, place.store) == ("env://", None)
    place = find_rendezvous({**SLURM, **MASTER})
    assert (place.rank, place.address) == (3, "env://")


def test_below_srun_it_follows_and_differs_between_steps():
    place = find_rendezvous({**SLURM, "SLURM_STEP_TASKS_PER_NODE": "2(x2)"})
    host, port = place.address.removeprefix("tcp://").split(":")
    assert (place.rank, host) == (3, "gpu03")
    assert 15000 <= int(port) < 30000
    other = find_rendezvous({**SLURM, "SLURM_STEP_ID": "3"})
    assert other.address != place.address


def test_on_one_machine_ranks_meet_on_it():
    place = find_rendezvous({**SLURM, "SLURM_STEP_TASKS_PER_NODE": "4"})
    assert place.address.startswith("tcp://127.0.0.1:")


def test_below_mpirun_only_mpi_can_tell():
    assert find_rendezvous({"PMI_SIZE": "2", "PMI_RANK": "1"}) is None
