"""Started by the tests under mpirun: every collective call, checked on every rank."""

import nnabla as nn
import numpy as np

from fomm_train.communicator import create


def main():
    communicator = create("cpu")
    rank, size = communicator.rank, communicator.size
    assert size == 3
    assert communicator.local_rank == rank
    own = [np.full((2, 3), rank, np.float32), np.arange(4, dtype=np.float32) * rank]
    arrays = [nn.NdArray.from_numpy_array(array) for array in own]
    communicator.all_reduce_mean(arrays)
    np.testing.assert_array_equal(arrays[0].data, np.full((2, 3), 1.0))
    np.testing.assert_array_equal(arrays[1].data, np.arange(4) * 1.0)

    sums = np.array([1.0, rank])
    communicator.all_reduce_sum(sums)
    np.testing.assert_array_equal(sums, [3, 3])

    # A smaller set after a larger one: the memory that is kept must not show.
    small = nn.NdArray.from_numpy_array(np.full(1, rank + 5, np.float32))
    communicator.broadcast([small])
    np.testing.assert_array_equal(small.data, [5])
    communicator.barrier()
    if communicator.is_main:
        print("checked")


if __name__ == "__main__":
    main()
