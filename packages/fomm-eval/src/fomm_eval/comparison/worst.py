"""The worst frames of a comparison, kept for the eye."""

from __future__ import annotations

from dataclasses import dataclass

from fomm_core.image import ByteArray
from fomm_eval.metrics import Metric

_SAME_SCENE = 25
"""Frames of one clip that are nearer than this look alike; only the worst of them is kept."""


@dataclass(frozen=True, eq=False)
class WorstFrame:
    """A bad frame beside what it should be.

    Attributes:
        clip: name of the clip.
        index: number of the frame, from 0.
        metric: by which it is bad.
        value: of that metric.
        real, generated: (H, W, 3) uint8.
    """

    clip: str
    index: int
    metric: Metric
    value: float
    real: ByteArray
    generated: ByteArray

    @property
    def badness(self) -> float:
        """The value turned so that higher is worse."""
        return self.value if self.metric.better == "lower" else -self.value


class WorstFrames:
    """Keeps the worst frames by one metric.

    Args:
        metric: by which.
        count: how many to keep.
    """

    def __init__(self, metric: Metric, count: int = 4) -> None:
        self.metric = metric
        self._count = count
        self._kept: list[WorstFrame] = []

    @property
    def frames(self) -> tuple[WorstFrame, ...]:
        """The worst frames, the worst first."""
        return tuple(self._kept)

    def add(
        self, clip: str, index: int, value: float, real: ByteArray, generated: ByteArray
    ) -> None:
        """Keep a frame if it is one of the worst; images are kept by reference.

        Args:
            clip: name of its clip.
            index: its number, from 0.
            value: of the metric.
            real, generated: (H, W, 3) uint8.
        """
        candidate = WorstFrame(clip, index, self.metric, value, real, generated)
        if len(self._kept) == self._count and candidate.badness <= self._kept[-1].badness:
            return
        like = [frame for frame in self._kept if _alike(frame, candidate)]
        if any(frame.badness >= candidate.badness for frame in like):
            return
        kept = [frame for frame in self._kept if frame not in like]
        kept.append(candidate)
        self._kept = sorted(kept, key=lambda frame: -frame.badness)[: self._count]


def _alike(one: WorstFrame, other: WorstFrame) -> bool:
    return one.clip == other.clip and abs(one.index - other.index) < _SAME_SCENE
