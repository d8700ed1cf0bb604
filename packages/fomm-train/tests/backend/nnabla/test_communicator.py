import nnabla as nn
import numpy as np
import pytest

from fomm_core.distributed import SingleProcess
from fomm_core.errors import DistributedError
from fomm_train.backend.nnabla.communicator import (
    NNablaCommunicator,
    average,
    copy_from_main,
    join_training_ranks,
)


def nd_arrays(*arrays):
    return [nn.NdArray.from_numpy_array(np.asarray(array, np.float32)) for array in arrays]


class Inner:
    """Rank 1 of two on GPUs; rank 0 adds zeros, and broadcasts ones."""

    rank, size, local_rank = 1, 2, 1

    def all_reduce(self, arrays, division, inplace):
        for array in arrays:
            array.data = array.data / (self.size if division else 1)

    def bcast(self, arrays, root):
        assert root == 0
        for array in arrays:
            array.data = np.ones(array.shape)


class Doubling(SingleProcess):
    """One rank of two on CPUs; the other one is three times as large."""

    size = 2

    def all_reduce_mean(self, arrays):
        for array in arrays:
            array *= 2

    def broadcast(self, arrays):
        for array in arrays:
            array *= 3


def test_a_single_process_changes_nothing():
    arrays = nd_arrays(np.arange(6).reshape(2, 3))
    average(SingleProcess(), arrays)
    copy_from_main(SingleProcess(), arrays)
    np.testing.assert_array_equal(arrays[0].data, np.arange(6).reshape(2, 3))


@pytest.mark.parametrize(
    ("communicator", "mean", "main"),
    [(Doubling(), 2.0, 3.0), (NNablaCommunicator(Inner()), 0.5, 1.0)],
)
def test_arrays_of_nnabla_are_changed_where_they_lie(communicator, mean, main):
    arrays = nd_arrays([1.0, 1.0], [[1.0]])
    average(communicator, arrays)
    np.testing.assert_array_equal(arrays[0].data, [mean, mean])
    arrays = nd_arrays([1.0, 1.0], [[1.0]])
    copy_from_main(communicator, arrays)
    np.testing.assert_array_equal(arrays[1].data, [[main]])


def test_ranks_on_gpus_exchange_arrays_of_the_host_too():
    communicator = NNablaCommunicator(Inner())
    assert (communicator.rank, communicator.size, communicator.local_rank) == (1, 2, 1)
    mean, sums, main = np.full(3, 4, np.float32), np.array([1.5, 2.0]), np.zeros(2, np.float32)
    communicator.all_reduce_mean([mean])
    communicator.all_reduce_sum(sums)
    communicator.broadcast([main])
    np.testing.assert_array_equal(mean, [2, 2, 2])
    np.testing.assert_array_equal(sums, [1.5, 2.0])
    np.testing.assert_array_equal(main, [1, 1])


def test_values_travel_as_the_numbers_of_their_bytes():
    class Alike(Inner):
        """Rank 0 has sent the same value as this one."""

        def all_reduce(self, arrays, division, inplace):
            for array in arrays:
                array.data = array.data + array.data[::-1]

    value = {"name": "clip", "frames": list(range(300))}
    assert NNablaCommunicator(Alike()).gather(value) == [value, value]


def test_gpus_that_cannot_be_joined_are_told():
    with pytest.raises(DistributedError, match="NNabla's GPU communicator cannot start"):
        join_training_ranks("cudnn", {"PMI_SIZE": "2"})


def test_one_process_joins_nobody():
    assert isinstance(join_training_ranks("cudnn", {}), SingleProcess)
