"""A hundred damaged files of all kinds; ``tools/fuzz_media.py`` reads thousands of them."""

import os
import time
from contextlib import closing

import pytest

from fuzz_media import Worker, make_mutant, read_all
from media_seeds import make_seeds

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def seeds():
    return make_seeds()


def test_of_damaged_files_come_only_errors_of_users(seeds):
    mutants = (make_mutant(seeds, 313, number) for number in range(100))
    faults = {mutant.number: outcome.fault for mutant, outcome in read_all(mutants)}
    assert faults == dict.fromkeys(range(100))


def test_a_mutant_is_always_the_same(seeds):
    assert make_mutant(seeds, 313, 7) == make_mutant(make_seeds(), 313, 7)
    assert make_mutant(seeds, 313, 7) != make_mutant(seeds, 314, 7)


def test_a_reader_that_dies_is_a_failure_and_another_takes_its_place():
    with closing(Worker(find=os._exit)) as worker:
        assert worker.read(7).fault == worker.read(7).fault == "the process died with exit code 7"


def test_a_reader_that_hangs_is_a_failure():
    with closing(Worker(find=time.sleep, seconds=0.1)) as worker:
        assert worker.read(60).fault == "took more than 0.1 s"
