from __future__ import annotations

import numpy as np
import pytest

from fomm_core.distributed import SingleProcess, raise_on_all_ranks
from fomm_core.errors import BrokenMediaError, DistributedError


def test_a_single_process_changes_nothing():
    communicator = SingleProcess()
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    sums = np.array([1.5, 2.5])
    communicator.all_reduce_mean([array])
    communicator.broadcast([array])
    communicator.all_reduce_sum(sums)
    communicator.barrier()
    communicator.stop_others()
    np.testing.assert_array_equal(array, np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(sums, [1.5, 2.5])
    assert not communicator.is_stopped()
    assert communicator.gather("x") == ["x"]
    assert communicator.share(range(3)) == range(3)


class OneHasFailed(SingleProcess):
    """One process alone that hears of another which failed."""

    def gather(self, value):
        return [value, "data: found none"]


def test_what_fails_elsewhere_fails_here():
    with (
        pytest.raises(DistributedError, match="data: found none"),
        raise_on_all_ranks(OneHasFailed()),
    ):
        pass


def test_what_fails_here_is_told_with_its_cause():
    with (
        pytest.raises(DistributedError, match=r"^broken$") as told,
        raise_on_all_ranks(SingleProcess()),
    ):
        raise BrokenMediaError("broken", 3)
    assert isinstance(told.value.__cause__, BrokenMediaError)
