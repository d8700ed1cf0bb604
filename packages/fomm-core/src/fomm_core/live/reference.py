"""Search for the reference: a short calm moment of the driving person near the source's pose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.pose import best_reference

_MOMENT_SECONDS = 0.3
_CALM_SHARE = 1 / 3
_LONGEST_GAP_SECONDS = 1.0
_FEWEST = 5
"""Frames that a search looks at, however slowly they come."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Keypoints of one driving frame with its time stamp in seconds."""

    seconds: float
    keypoints: Keypoints


class ReferenceSearch:
    """Collects driving keypoints for a while, then tells the best reference among them.

    That is the mean of a moment of 0.3 s: of the calmest third of all moments the one whose
    pose is nearest to the source's. After a second without frames it begins anew, unless they
    always come as slowly as that.

    Args:
        seconds: how long to look.
    """

    def __init__(self, seconds: float) -> None:
        self._length = seconds
        self._seen: list[Seen] = []
        self._gap = 0.0

    def add(self, keypoints: Keypoints, seconds: float) -> None:
        """Look at one more frame.

        Args:
            keypoints: of the frame, finite.
            seconds: its time stamp.
        """
        gap = seconds - self._seen[-1].seconds if self._seen else 0.0
        if gap > max(_LONGEST_GAP_SECONDS, 2 * self._gap):
            self._seen.clear()
        self._gap = gap
        self._seen.append(Seen(seconds, keypoints))

    @property
    def seconds_left(self) -> float:
        """Seconds of frames that are still to come; at 0 the search is done."""
        if not self._seen:
            return self._length
        left = self._length - (self._seen[-1].seconds - self._seen[0].seconds)
        return max(0.0, left) if len(self._seen) >= _FEWEST else max(0.05, left)

    def result(self, kp_source: Keypoints) -> Keypoints:
        """Give the reference.

        Args:
            kp_source: keypoints of the source.

        Raises:
            MotionError: nothing was seen yet, or keypoints of another model.
        """
        if not self._seen:
            raise MotionError("reference: expected driving frames to choose from, found none")
        moments = sorted(_moments(self._seen), key=_unrest)
        calm = [_mean(moment) for moment in moments[: math.ceil(len(moments) * _CALM_SHARE)]]
        return calm[best_reference(kp_source, calm)]


def _moments(seen: Sequence[Seen]) -> list[Sequence[Seen]]:
    """The frames of the 0.3 s up to each frame, from where these are complete."""
    moments: list[Sequence[Seen]] = []
    first = 0
    for last, frame in enumerate(seen):
        while seen[first].seconds < frame.seconds - _MOMENT_SECONDS:
            first += 1
        if frame.seconds - seen[0].seconds >= _MOMENT_SECONDS:
            moments.append(seen[first : last + 1])
    return moments or [seen]


def _unrest(moment: Sequence[Seen]) -> float:
    """Root of the mean squared distance of the keypoints from their mean; inf for one frame."""
    if len(moment) == 1:
        return math.inf
    values = np.stack([frame.keypoints.value for frame in moment])
    return float(np.sqrt(np.square(values - values.mean(axis=0)).mean()))


def _mean(moment: Sequence[Seen]) -> Keypoints:
    """Mean keypoints and jacobians of a moment."""
    values = np.mean([frame.keypoints.value for frame in moment], axis=0)
    jacobians = [
        frame.keypoints.jacobian for frame in moment if frame.keypoints.jacobian is not None
    ]
    return Keypoints(values, np.mean(jacobians, axis=0) if jacobians else None)
