import pytest

from fomm_core.cli import errors
from fomm_core.cli.errors import abort_all_ranks_on_error
from fomm_core.distributed import SingleProcess
from fomm_core.errors import DistributedError, MediaError


class Ranks(SingleProcess):
    def __init__(self, rank, size):
        self.rank, self.size = rank, size
        self.aborted = []

    def abort(self, code):
        self.aborted.append(code)


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    found = []
    monkeypatch.setattr(errors.time, "sleep", found.append)
    return found


def test_a_single_process_just_raises():
    with pytest.raises(MediaError), abort_all_ranks_on_error(SingleProcess()):
        raise MediaError("broken")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (MediaError("broken\nvideo"), 2, "fomm: error: rank 0: broken video\n"),
        (KeyboardInterrupt(), 130, "fomm: rank 0: interrupted\n"),
    ],
)
def test_all_ranks_end_with_one_line(capsys, slept, error, code, told):
    ranks = Ranks(0, 2)
    with pytest.raises(SystemExit) as ended, abort_all_ranks_on_error(ranks):
        raise error
    assert ranks.aborted == [code]
    assert ended.value.code == code
    assert capsys.readouterr().err == told
    assert slept == [errors._TELLING_SECONDS]


def test_a_defect_shows_its_traceback(capsys):
    ranks = Ranks(0, 2)
    with pytest.raises(SystemExit), abort_all_ranks_on_error(ranks):
        raise ZeroDivisionError("oh")
    assert ranks.aborted == [1]
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("fomm: error: rank 0: unexpected ZeroDivisionError: oh\n")


def test_a_device_that_fails_is_one_line(capsys):
    ranks = Ranks(0, 2)
    with pytest.raises(SystemExit), abort_all_ranks_on_error(ranks):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    assert ranks.aborted == [2]
    told = capsys.readouterr().err
    assert told.startswith("fomm: error: rank 0: expected enough memory, found: CUDA out of memory")
    assert told.count("\n") == 1


def test_other_ranks_let_rank_0_speak_first(slept):
    with pytest.raises(SystemExit), abort_all_ranks_on_error(Ranks(1, 2)):
        raise MediaError("broken")
    assert slept == [errors._HEAD_START_SECONDS, errors._TELLING_SECONDS]


def test_a_good_end_is_none_of_its_business():
    ranks = Ranks(1, 2)
    with abort_all_ranks_on_error(ranks):
        pass
    with pytest.raises(SystemExit) as ended, abort_all_ranks_on_error(ranks):
        raise SystemExit(0)
    assert ended.value.code == 0
    assert ranks.aborted == []


@pytest.mark.parametrize("size", [1, 2])
def test_what_all_ranks_raise_is_raised_by_the_main_one(size):
    ranks = Ranks(0, size)
    with pytest.raises(DistributedError), abort_all_ranks_on_error(ranks):
        raise DistributedError("broken")
    assert ranks.aborted == []


def test_of_what_all_ranks_raise_the_others_say_nothing(capsys, slept):
    ranks = Ranks(1, 2)
    with pytest.raises(SystemExit) as ended, abort_all_ranks_on_error(ranks):
        raise DistributedError("broken")
    assert (ended.value.code, ranks.aborted, slept) == (2, [], [])
    assert capsys.readouterr().err == ""
