from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_eval.errors import EvaluationError
from fomm_eval.metrics import summarize
from fomm_eval.metrics.statistics import MOST_UNITS, bootstrap_ratio

values = st.lists(st.floats(-100, 100), min_size=1, max_size=30).map(np.array)


def ones(found):
    return found, np.ones(len(found))


@given(st.lists(values, min_size=1, max_size=5))
def test_mean_and_deviation_are_those_of_all_values(clips):
    found = summarize([ones(clip) for clip in clips])
    together = np.concatenate(clips)
    assert found.mean == pytest.approx(together.mean(), abs=1e-9)
    assert found.std == pytest.approx(together.std(), abs=1e-6)
    assert found.count == len(together)
    assert min(together) - 1e-9 <= found.low <= found.high <= max(together) + 1e-9
    assert found == summarize([ones(clip) for clip in clips])


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        found = summarize([ones(random.normal(1.0, 0.5, 60))])
        hits += found.low <= 1.0 <= found.high
    assert 180 <= hits <= 199


def test_frames_of_a_clip_are_resampled_together():
    random = np.random.default_rng(1)
    clips = [ones(random.normal(level, 0.01, 50)) for level in (0.0, 1.0, 2.0, 3.0)]
    found = summarize(clips)
    as_if_independent = summarize([ones(np.concatenate([v for v, _ in clips]))])
    width, narrow = found.high - found.low, as_if_independent.high - as_if_independent.low
    assert width > 3 * narrow


def test_weights_count():
    found = summarize([(np.array([0.0, 1.0]), np.array([68.0, 4.0]))])
    assert found.mean == pytest.approx(4 / 72)


def test_what_has_no_weight_is_left_out_nan_or_not():
    numbers, weights = np.array([np.nan, 2.0, 5.0]), np.array([0.0, 1.0, 0.0])
    found = summarize([(numbers, weights), (np.array([np.nan]), np.zeros(1))])
    assert (found.mean, found.std, found.low, found.high, found.count) == (2.0, 0.0, 2.0, 2.0, 1)


@pytest.mark.parametrize("groups", [[], [(np.array([np.nan]), np.zeros(1))]])
def test_there_is_no_mean_over_nothing(groups):
    assert summarize(groups) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_with_a_weight_is_an_error(bad):
    with pytest.raises(EvaluationError, match="NaN or infinity"):
        summarize([ones(np.array([1.0, bad]))])


def test_long_clips_are_resampled_in_blocks():
    random = np.random.default_rng(2)
    slow = np.repeat(random.normal(size=MOST_UNITS), 50)
    found = summarize([ones(slow)])
    per_block = bootstrap_ratio(slow[::50] * 50, np.full(MOST_UNITS, 50.0))
    assert (found.low, found.high) == pytest.approx(per_block)


def test_many_clips_go_through():
    found = summarize([ones(np.array([float(n % 7)])) for n in range(3 * MOST_UNITS)])
    assert found.low < found.mean < found.high
