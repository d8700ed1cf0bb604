"""Started by the tests under mpirun: every collective call, checked on every rank."""

import numpy as np

from fomm_core.distributed import join_ranks


def main():
    communicator = join_ranks()
    rank, size = communicator.rank, communicator.size
    assert size == 3
    assert communicator.local_rank == rank
    arrays = [np.full((2, 3), rank, np.float32), np.arange(4, dtype=np.float32) * rank]
    communicator.all_reduce_mean(arrays)
    np.testing.assert_array_equal(arrays[0], np.full((2, 3), 1.0))
    np.testing.assert_array_equal(arrays[1], np.arange(4) * 1.0)

    sums = np.array([1.0, rank])
    communicator.all_reduce_sum(sums)
    np.testing.assert_array_equal(sums, [3, 3])

    # A smaller set after a larger one: the memory that is kept must not show.
    small = np.full(1, rank + 5, np.float32)
    communicator.broadcast([small])
    np.testing.assert_array_equal(small, [5])

    assert communicator.gather({"rank": rank}) == [{"rank": number} for number in range(3)]
    if rank == 1:
        communicator.stop_others()
    communicator.barrier()
    assert communicator.is_stopped() == (rank != 1)
    communicator.gather(None)
    assert not communicator.is_stopped()
    communicator.barrier()
    if communicator.is_main:
        print("checked")


if __name__ == "__main__":
    main()
