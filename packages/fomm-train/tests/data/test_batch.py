from __future__ import annotations

import pickle

import numpy as np
import pytest

from fomm_train.data.batch import Batch, Pair, Truth


def frame(seed: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random((channels, 4, 6), dtype=np.float32)


def make_truth(seed: int) -> Truth:
    random = np.random.default_rng(seed)
    value, jacobian = random.random((4, 5, 2)), random.random((4, 5, 2, 2))
    source, driving, *others = zip(
        value.astype(np.float32), jacobian.astype(np.float32), strict=True
    )
    masks = frame(seed, 1), frame(seed + 1, 1)
    labels = random.integers(0, 7, (4, 6)).astype(np.uint8)
    return Truth(*source, *driving, *masks, labels, *others[0], *others[1])


def test_samples_are_stacked_in_order():
    pairs = [
        Pair(*(frame(n + 10 * i) for i in range(3)), make_truth(n), frame(n + 30), frame(n + 40))
        for n in range(3)
    ]
    batch = Batch.stack(pairs, [7, 5, 6])
    assert len(batch) == 3
    assert batch.sample_ids.dtype == np.int64
    assert batch.sample_ids.tolist() == [7, 5, 6]
    for number, pair in enumerate(pairs):
        for name in ("source", "driving", "target", "reference", "detector_frame"):
            np.testing.assert_array_equal(getattr(batch, name)[number], getattr(pair, name))
        for name in vars(pair.truth):
            expected = getattr(pair.truth, name)
            np.testing.assert_array_equal(getattr(batch.truth, name)[number], expected)


def test_targets_that_are_the_driving_frames_are_not_copied():
    driving = [frame(1), frame(2)]
    pairs = [Pair(frame(0), image, image) for image in driving]
    batch = Batch.stack(pairs, [0, 1])
    assert batch.target is batch.driving
    assert batch.truth is None
    other = Batch.stack([pairs[0], Pair(frame(0), driving[1], frame(3))], [0, 1])
    np.testing.assert_array_equal(other.target, np.stack([driving[0], frame(3)]))


def test_a_batch_survives_a_change_of_process():
    image = frame(1)
    batch = Batch.stack([Pair(frame(0), image, image, make_truth(0))], [3])
    found = pickle.loads(pickle.dumps(batch))
    assert found.target is found.driving
    np.testing.assert_array_equal(found.truth.regions, batch.truth.regions)


def test_all_samples_have_a_reference_or_none():
    image = frame(1)
    pairs = [Pair(image, image, image, None, reference) for reference in (image, None)]
    with pytest.raises(ValueError, match="an array for all or none, found 1"):
        Batch.stack(pairs, [0, 1])


@pytest.mark.parametrize("ids", [[], [1, 2]])
def test_each_sample_has_a_number(ids):
    with pytest.raises(ValueError, match="one identifier each"):
        Batch.stack([Pair(frame(0), frame(0), frame(0))], ids)
    with pytest.raises(ValueError, match="found 0 samples"):
        Batch.stack([], ids)


def test_all_samples_have_a_truth_or_none():
    pairs = [Pair(frame(0), frame(0), frame(0), truth) for truth in (make_truth(0), None)]
    with pytest.raises(ValueError, match="a truth for all or none"):
        Batch.stack(pairs, [0, 1])
