"""Cuts in a clip: frames at which another person or scene is there all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fomm_core.face.crop import Crop
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray

_POINTS = 32
"""Points, in rows and columns, at which a square is looked at."""

_LEAST_CHANGE = 8.0
"""Mean change of the colours, in levels of 255, from which a frame can begin another scene: the
quickest turns of heads change them by 5 at 25 frames a second, any two people differ by 10."""

_LEAST_RATIO = 3.0
"""Times by which a cut changes the colours more than any frame near it."""


def change_of_colours(before: ByteArray, after: ByteArray, square: Crop) -> float:
    """Difference of the colours in a square of two frames, wherever in it they lie.

    A head that turns moves its colours; another person, or another scene, has others. It is the
    Wasserstein distance of the values of each channel.

    Args:
        before, after: (H, W, 3) uint8, RGB.
        square: where to look; what lies outside the frames is their border.

    Returns:
        Levels of 255, the mean over channels.
    """
    return float(np.abs(_colours(before, square) - _colours(after, square)).mean())


def find_cuts(changes: Sequence[float], reach: int) -> tuple[int, ...]:
    """The frames that begin another person or scene.

    There the colours change much, and far more than in the frames before and after: where
    light flickers, or something passes by, they change more than once.

    Args:
        changes: of each frame's colours since the one before.
        reach: frames that count as near, at least 1.
    """
    possible = (index for index, change in enumerate(changes) if change >= _LEAST_CHANGE)
    return tuple(index for index in possible if _stands_out(changes, index, reach))


def _stands_out(changes: Sequence[float], index: int, reach: int) -> bool:
    near = [*changes[max(0, index - reach) : index], *changes[index + 1 : index + 1 + reach]]
    return changes[index] >= _LEAST_RATIO * max(near, default=0.0)


def _colours(frame: ByteArray, square: Crop) -> FloatArray:
    """The values of each channel within a square, in rising order, (points, 3)."""
    height, width = frame.shape[:2]
    steps = (np.arange(_POINTS) + 0.5) / _POINTS * square.side
    rows = np.clip(square.top + steps, 0, height - 1).astype(np.intp)
    columns = np.clip(square.left + steps, 0, width - 1).astype(np.intp)
    seen: FloatArray = frame[np.ix_(rows, columns)].reshape(-1, 3).astype(np.float32)
    return np.sort(seen, axis=0)
