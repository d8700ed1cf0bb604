from __future__ import annotations

import pytest

from fomm_core.distributed.launcher import (
    launched_rank,
    launched_size,
    local_rank,
    local_size,
    slurm_main_host,
)

TORCHRUN = {"WORLD_SIZE": "6", "RANK": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
HYDRA = {"PMI_SIZE": "6", "PMI_RANK": "4", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2"}
OPEN_MPI = {
    "OMPI_COMM_WORLD_SIZE": "6",
    "OMPI_COMM_WORLD_RANK": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
}
MVAPICH2 = {
    "MV2_COMM_WORLD_SIZE": "6",
    "MV2_COMM_WORLD_RANK": "4",
    "MV2_COMM_WORLD_LOCAL_RANK": "1",
    "MV2_COMM_WORLD_LOCAL_SIZE": "2",
}
SLURM = {
    "SLURM_STEP_NUM_TASKS": "6",
    "SLURM_PROCID": "4",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_TASKS_PER_NODE": "2(x3)",
}


@pytest.mark.parametrize("environment", [TORCHRUN, HYDRA, OPEN_MPI, MVAPICH2, SLURM])
def test_every_launcher_is_understood(environment):
    assert launched_size(environment) == 6
    assert launched_rank(environment) == 4
    assert local_rank(environment) == 1
    assert local_size(environment, 9) == 2


def test_without_a_launcher_there_is_one_process():
    assert (launched_size({}), local_rank({}), local_size({}, 3)) == (1, 0, 3)
    assert launched_rank({}) == 0


@pytest.mark.parametrize("inner", [TORCHRUN, HYDRA])
def test_of_launchers_that_start_one_another_the_inner_one_counts(inner):
    proxies = {"SLURM_STEP_NUM_TASKS": "3", "SLURM_STEP_TASKS_PER_NODE": "1(x3)"}
    environment = {**proxies, "SLURM_LOCALID": "0", "SLURM_PROCID": "2", **inner}
    environment["SLURM_STEP_NODELIST"] = "a[1-3]"
    assert slurm_main_host(environment) is None
    assert launched_rank(environment) == 4
    assert launched_size(environment) == 6
    assert local_rank(environment) == 1
    assert local_size(environment, 9) == 2


@pytest.mark.parametrize(
    ("text", "size"),
    [("4", 4), ("4(x2)", 4), ("4(x2),1", 9), ("2,1", 9), ("", 9), ("0", 9), ("many", 9), ("²", 9)],
)
def test_what_slurm_says_of_its_machines(text, size):
    assert local_size({"SLURM_STEP_TASKS_PER_NODE": text}, 9) == size


@pytest.mark.parametrize("text", ["", "0", "-2", "many", "²"])
def test_what_is_no_number_of_processes_is_passed_over(text):
    assert launched_size({"PMI_SIZE": text}) == 1


@pytest.mark.parametrize(
    ("nodes", "host"),
    [
        ("login", "login"),
        ("a1,b2", "a1"),
        ("gpu-[03-05,07]-ib,login", "gpu-03-ib"),
        ("node[7,9]", "node7"),
        ("", None),
    ],
)
def test_the_machine_of_rank_0_below_srun(nodes, host):
    assert slurm_main_host({**SLURM, "SLURM_STEP_NODELIST": nodes}) == host
    assert slurm_main_host({"SLURM_STEP_NODELIST": nodes}) is None
