"""The values that metrics have for the frames of a clip."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fomm_eval.metrics import Metric, Summary, summarize
from fomm_eval.metrics.statistics import Array


@dataclass(frozen=True)
class FrameScore:
    """One metric of one frame.

    Attributes:
        value: NaN where the frame has none.
        weight: 0 where the frame has none; for MKR the number of landmarks, else 1.
    """

    value: float
    weight: float = 1.0

    @classmethod
    def of(cls, value: float | None) -> FrameScore:
        """Of a value that may be missing."""
        return NO_SCORE if value is None else cls(value)


NO_SCORE = FrameScore(float("nan"), 0.0)


@dataclass(frozen=True, eq=False)
class ClipScores:
    """All metrics of the T frames of a clip.

    Attributes:
        name: of the clip.
        metrics: M of them.
        values: (T, M) float64, NaN where a frame has none.
        weights: (T, M) float64, 0 where a frame has none.
    """

    name: str
    metrics: tuple[Metric, ...]
    values: Array
    weights: Array

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.values)

    def column(self, metric: Metric) -> tuple[Array, Array]:
        """Values (T,) and weights (T,) of one metric."""
        index = self.metrics.index(metric)
        return self.values[:, index], self.weights[:, index]

    def summary(self, metric: Metric) -> Summary | None:
        """Sum up one metric; ``None`` where no frame has it."""
        return summarize([self.column(metric)])


class ScoreTable:
    """Collects the scores of a clip's frames, 16 bytes each.

    Args:
        name: of the clip.
        metrics: what each frame has a score of.
    """

    def __init__(self, name: str, metrics: tuple[Metric, ...]) -> None:
        self._name = name
        self._metrics = metrics
        self._values = array("d")
        self._weights = array("d")

    def append(self, scores: Sequence[FrameScore]) -> None:
        """Add a frame."""
        self._values.extend(score.value for score in scores)
        self._weights.extend(score.weight for score in scores)

    def finish(self) -> ClipScores:
        """The scores of all frames."""
        shape = (-1, len(self._metrics))
        values = np.array(self._values).reshape(shape)
        return ClipScores(self._name, self._metrics, values, np.array(self._weights).reshape(shape))


@dataclass(frozen=True, eq=False)
class Scores:
    """All metrics of all clips.

    Attributes:
        clips: at least one.
    """

    clips: tuple[ClipScores, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics, in the order of reports."""
        return self.clips[0].metrics

    @property
    def frames(self) -> int:
        """Number of frames of all clips."""
        return sum(clip.frames for clip in self.clips)

    def overall(self, metric: Metric) -> Summary | None:
        """Sum up one metric over all clips; ``None`` where no frame has it."""
        return summarize([clip.column(metric) for clip in self.clips])
