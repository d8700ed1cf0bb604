import pytest

from fomm_core.distributed import SingleProcess
from fomm_train.run import data
from fomm_train.run.data import choose_workers


class Rank(SingleProcess):
    size = 8


@pytest.mark.parametrize(("on_this_machine", "workers"), [("1", 4), ("4", 3), ("8", 1), (None, 1)])
def test_the_ranks_of_a_machine_share_the_cores_left_free(monkeypatch, on_this_machine, workers):
    monkeypatch.setattr(data, "usable_cores", lambda: 16)
    monkeypatch.delenv("MPI_LOCALNRANKS", raising=False)
    if on_this_machine is not None:
        monkeypatch.setenv("MPI_LOCALNRANKS", on_this_machine)
    assert choose_workers(Rank()) == workers


def test_a_process_alone_has_all_cores(monkeypatch):
    monkeypatch.setattr(data, "usable_cores", lambda: 3)
    assert choose_workers(SingleProcess()) == 2
