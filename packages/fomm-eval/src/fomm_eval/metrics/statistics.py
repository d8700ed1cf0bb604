"""Mean, standard deviation and bootstrap interval of what frames or videos have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fomm_eval.errors import EvaluationError

Array = npt.NDArray[np.float64]

RESAMPLES = 2000
SEED = 20190512
MOST_UNITS = 200
"""A longer video is resampled in blocks of consecutive frames, this many at most."""

_LEVELS = (2.5, 97.5)
_CHUNK = 250


@dataclass(frozen=True)
class Summary:
    """Mean, spread and interval of one metric.

    Attributes:
        mean: over all values, weighted.
        std: standard deviation of the values, weighted; 0 for a single one.
        low, high: 95 % bootstrap interval of the mean.
        count: number of values.
    """

    mean: float
    std: float
    low: float
    high: float
    count: int


def summarize(groups: Sequence[tuple[Array, Array]]) -> Summary | None:
    """Sum up the values of one metric.

    The interval is made by resampling groups, since the frames of a video are much alike; of
    a single group, by resampling its frames (in blocks of consecutive ones where there are
    many). The seed is fixed: equal values give equal intervals.

    Args:
        groups: per video, values (T,) and their weights (T,); a value of weight 0 is left
            out and may be NaN.

    Returns:
        The summary, or ``None`` where no value has a weight.

    Raises:
        EvaluationError: a value with a weight is not finite.
    """
    values = np.concatenate([values for values, _ in groups]) if groups else np.empty(0)
    weights = np.concatenate([weights for _, weights in groups]) if groups else np.empty(0)
    used = weights > 0
    if not used.any():
        return None
    values, weights = values[used], weights[used]
    if not np.isfinite(values).all():
        raise EvaluationError("metrics: expected finite values, found NaN or infinity")
    mean = float(np.average(values, weights=weights))
    spread = float(np.average(np.square(values - mean), weights=weights)) ** 0.5
    sums = _unit_sums([_only_used(*group) for group in groups])
    low, high = bootstrap_ratio(sums[:, 0], sums[:, 1])
    return Summary(mean, spread, low, high, int(used.sum()))


def bootstrap_ratio(numerators: Array, denominators: Array) -> tuple[float, float]:
    """The 95 % percentile interval of sum(numerators) / sum(denominators).

    Args:
        numerators, denominators: (N,), one entry for each unit that is resampled.
    """
    count = len(numerators)
    if count == 1:
        only = float(numerators[0] / denominators[0])
        return only, only
    units = np.stack([numerators, denominators], axis=1)
    sums = np.concatenate([draws @ units for draws in _draws(count)])
    drawn = sums[sums[:, 1] > 0]
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], _LEVELS)
    return float(low), float(high)


def _draws(count: int) -> Iterable[Array]:
    """Numbers of times that each of ``count`` units is drawn, (some resamples, count) at a time."""
    if count <= MOST_UNITS:
        return [_few_draws(count)]
    random = np.random.default_rng(SEED)
    return (_count_draws(random, _CHUNK, count) for _ in range(RESAMPLES // _CHUNK))


@lru_cache(maxsize=32)
def _few_draws(count: int) -> Array:
    """All draws at once; the seed is fixed, so that they serve all metrics."""
    return _count_draws(np.random.default_rng(SEED), RESAMPLES, count)


def _count_draws(random: np.random.Generator, resamples: int, count: int) -> Array:
    drawn = random.integers(0, count, (resamples, count))
    drawn += np.arange(resamples)[:, None] * count
    counts = np.bincount(drawn.ravel(), minlength=resamples * count)
    return counts.reshape(resamples, count).astype(np.float64)


def _only_used(values: Array, weights: Array) -> tuple[Array, Array]:
    return values[weights > 0], weights[weights > 0]


def _unit_sums(groups: Sequence[tuple[Array, Array]]) -> Array:
    """Weighted sums and weights (N, 2) of the units that are resampled."""
    groups = [group for group in groups if len(group[0])]
    if len(groups) == 1:
        blocks = min(MOST_UNITS, len(groups[0][0]))
        parts = (np.array_split(part, blocks) for part in groups[0])
        groups = list(zip(*parts, strict=True))
    return np.array([(np.dot(values, weights), weights.sum()) for values, weights in groups])
