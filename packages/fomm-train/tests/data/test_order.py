from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.errors import ConfigError
from fomm_train.data.order import BatchOrder


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 60), st.integers(0, 99))
def test_ranks_share_an_epoch_without_overlap(size, batch, more, seed):
    samples = size * batch + more
    whole = BatchOrder(samples, size * batch, seed=seed)
    ranks = [BatchOrder(samples, batch, rank, size, seed) for rank in range(size)]
    count = whole.batches_per_epoch
    assert {order.batches_per_epoch for order in ranks} == {count}
    tasks = [list(islice(order.tasks(3), count)) for order in ranks]
    for iteration, task in enumerate(islice(whole.tasks(3), count)):
        together = np.concatenate([mine[iteration].sample_ids for mine in tasks])
        np.testing.assert_array_equal(together, task.sample_ids)
    seen = np.concatenate([task.indices for mine in tasks for task in mine])
    assert len(set(seen.tolist())) == len(seen) == count * size * batch
    assert seen.min() >= 0
    assert seen.max() < samples


@given(st.integers(0, 3), st.integers(0, 7))
def test_entering_anywhere_gives_the_same_batches(epoch, start):
    order = BatchOrder(23, 3, seed=7)
    begun = list(islice(order.tasks(0), 40))
    entered = list(islice(order.tasks(epoch, start), 5))
    for expected, found in zip(begun[epoch * 7 + start :], entered, strict=False):
        assert expected.epoch == found.epoch
        np.testing.assert_array_equal(expected.sample_ids, found.sample_ids)


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = [
        BatchOrder(50, 1, seed=seed).permutation(epoch) for seed in (0, 1) for epoch in (0, 1)
    ]
    assert len({tuple(order.tolist()) for order in orders}) == 4
    assert all(sorted(order.tolist()) == list(range(50)) for order in orders)


def test_sample_ids_count_through_the_training():
    task = next(iter(BatchOrder(10, 4).tasks(2)))
    np.testing.assert_array_equal(task.sample_ids, 20 + task.indices)
    assert task.sample_ids.dtype == np.int64


def test_too_few_samples():
    with pytest.raises(ConfigError, match=r"batch_size: expected at most the 7 samples"):
        BatchOrder(7, 4, 0, 2)


@pytest.mark.parametrize(("batch", "rank", "size"), [(0, 0, 1), (1, 1, 1), (1, -1, 2)])
def test_impossible_ranks(batch, rank, size):
    with pytest.raises(ValueError, match="expected a batch size"):
        BatchOrder(10, batch, rank, size)
