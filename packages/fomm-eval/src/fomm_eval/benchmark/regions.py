"""Errors within regions of the true answer, relative to leaving the source as it is.

With p a pixel of the region, a the true answer, s the source and g the prediction, the error is
mean |g(p) - a(p)| / mean |s(p) - a(p)|: 0 is perfect, 1 is no better than not to move at all.
Over many frames, means are added up before they are divided, so that frames without motion,
which divide by nothing, count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.morphology import dilation, footprint_rectangle

from fomm_core.image import ByteArray
from fomm_eval.comparison.scores import NO_SCORE, FrameScore
from fomm_eval.metrics import Metric
from fomm_eval.metrics.faces import REFERENCE_SIDE

Mask = npt.NDArray[np.bool_]

BACKGROUND = "background"
"""The label of what is no part of the figure."""

_WIDENED = {"eyes": 3, "mouth": 3}  # pixels of 256: what moves lies at the rim of such small parts


@dataclass(frozen=True)
class Region:
    """A part of the true answers that has an error of its own.

    Attributes:
        metric: its relative error.
        labels: the numbers of its labels.
        widened: pixels at 256x256 by which it is larger than its labels.
    """

    metric: Metric
    labels: tuple[int, ...]
    widened: int = 0

    def mask(self, labels: ByteArray) -> Mask:
        """Mark the pixels of the region.

        Args:
            labels: (H, W) uint8, a label map.

        Returns:
            (H, W) bool.
        """
        inside: Mask = np.isin(labels, self.labels)
        side = 2 * round(self.widened * len(labels) / REFERENCE_SIDE) + 1
        widened: Mask = dilation(inside, footprint_rectangle((side, side)))
        return widened

    def score(
        self, labels: ByteArray, target: ByteArray, source: ByteArray, prediction: ByteArray
    ) -> FrameScore:
        """The relative error, weighted by that of the source; none where there is none.

        Args:
            labels: (H, W) uint8, of the true answer.
            target, source, prediction: (H, W, 3) uint8.
        """
        mask = self.mask(labels)
        if not mask.any():
            return NO_SCORE
        unmoved = _error(source, target, mask)
        return (
            FrameScore(_error(prediction, target, mask) / unmoved, unmoved) if unmoved else NO_SCORE
        )


def regions_of(label_names: Sequence[str]) -> tuple[Region, ...]:
    """The regions of a benchmark: the figure, and its eyes and mouth where these are labelled.

    Args:
        label_names: what the numbers of its label maps mean, from 0.
    """
    if not label_names:
        return ()
    figure = [number for number, name in enumerate(label_names) if name != BACKGROUND]
    parts = [(name, [label_names.index(name)]) for name in _WIDENED if name in label_names]
    return tuple(_regions([("figure", figure), *parts]))


def _regions(named: Iterable[tuple[str, list[int]]]) -> Iterable[Region]:
    for name, numbers in named:
        what = f"error in the {name} of the true answer; 1 is that of the unmoved source"
        metric = Metric(f"{name} error", "lower", "", what)
        yield Region(metric, tuple(numbers), _WIDENED.get(name, 0))


def _error(frame: ByteArray, target: ByteArray, mask: Mask) -> float:
    """Mean absolute difference within a mask, in grey levels."""
    off = np.abs(np.subtract(frame, target, dtype=np.int16)[mask])
    return float(off.mean(dtype=np.float64))
