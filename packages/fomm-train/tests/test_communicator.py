import builtins

import nnabla as nn
import numpy as np
import pytest

from fomm_train.communicator import SingleProcess, create
from fomm_train.errors import TrainingError


def test_a_single_process_needs_no_mpi(monkeypatch):
    imported = builtins.__import__

    def no_mpi(name, *args, **kwargs):
        assert not name.startswith("mpi4py")
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_mpi)
    communicator = create("cpu", {})
    assert isinstance(communicator, SingleProcess)
    assert (communicator.rank, communicator.size, communicator.is_main) == (0, 1, True)


def test_a_single_process_changes_nothing():
    communicator = SingleProcess()
    array = nn.NdArray.from_numpy_array(np.arange(6, dtype=np.float32).reshape(2, 3))
    sums = np.array([1.5, 2.5])
    communicator.all_reduce_mean([array])
    communicator.broadcast([array])
    communicator.all_reduce_sum(sums)
    communicator.barrier()
    np.testing.assert_array_equal(array.data, np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(sums, [1.5, 2.5])


def test_missing_mpi4py_is_said_with_the_remedy(monkeypatch):
    imported = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("mpi4py"):
            raise ImportError("No module named 'mpi4py'")
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TrainingError, match=r"pip install 'fomm-train\[mpi\]'"):
        create("cpu", {"PMI_SIZE": "2"})


def test_ranks_that_do_not_see_each_other_are_an_error():
    pytest.importorskip("mpi4py")
    with pytest.raises(TrainingError, match="started 2 processes, MPI sees 1"):
        create("cpu", {"PMI_SIZE": "2"})
