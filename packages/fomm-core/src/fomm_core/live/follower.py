"""Following one face before a camera: a detector now and then, the keypoints in between."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from fomm_core.face.crop import Crop, frame_face
from fomm_core.face.detector import FaceBox
from fomm_core.face.framer import FaceFramer
from fomm_core.face.search import COARSE, find_upright
from fomm_core.face.track import nearest_face
from fomm_core.image import ByteArray
from fomm_core.model.framing import Framing
from fomm_core.motion.keypoints import FloatArray, Keypoints

_SOONEST_SECONDS = 0.2
"""Time between two looks by the detector, at least."""

_SHARE = 0.04
"""Share of the time that the detector may take while the face is followed."""

_SEARCH_SHARE = 0.5
_MISSES = 2
"""Looks without the face after which it is lost."""

_PATIENCE_SECONDS = 2.0
"""Time for which a lost face is waited for, before another one is taken."""

_PLAY = 0.3
"""Distance of the keypoints' centre from its usual place, in half sides, that is movement of the
head; what is beyond moves the square."""

_GROWTH_PLAY = 1.3
_FOLLOW_SECONDS = 0.3
_LEAST_OVERLAP = 0.3
"""Overlap with the detector's square below which the keypoints have gone astray."""


class FaceFollower:
    """Keeps a square on one person's face.

    The detector finds the face, and from then on the square goes where the keypoints go, slowly,
    and only where they leave its middle: small movements are the head's own. The detector looks
    now and then whether the face is still there, and takes 4 % of the time at most.

    Args:
        framer: finds faces and knows the model's framing.
        clock: seconds of a clock that only goes forward, by which looks are measured.
    """

    def __init__(self, framer: FaceFramer, clock: Callable[[], float] = time.perf_counter) -> None:
        self._framer = framer
        self._clock = clock
        self._square: Crop | None = None
        self._box: FaceBox | None = None
        self._framing: Framing | None = None
        self._home: FloatArray | None = None
        self._spread = 1.0
        self._misses = 0
        self._seen = self._moved = -math.inf
        self._next_look = -math.inf

    def square(self, frame: ByteArray, seconds: float) -> Crop | None:
        """Give the square of the face in a frame; ``None`` where there is none.

        Args:
            frame: (H, W, 3) uint8, RGB.
            seconds: its time stamp, later than those before.
        """
        if seconds >= self._next_look:
            self._look(frame, seconds)
        return self._square

    def observe(self, keypoints: Keypoints, seconds: float) -> None:
        """Let the square go where the keypoints, found in it and finite, have gone.

        Args:
            keypoints: of the frame.
            seconds: its time stamp.
        """
        if self._square is None:
            return
        centre, spread = _place(keypoints.value)
        if self._home is None:
            self._home, self._spread, self._moved = centre, spread, seconds
            return
        share = 1 - math.exp(-max(0.0, seconds - self._moved) / _FOLLOW_SECONDS)
        self._moved = seconds
        offset = centre - self._home
        excess = (offset - np.clip(offset, -_PLAY, _PLAY)) * share * self._square.side / 2
        ratio = max(spread, 1e-6) / self._spread
        growth = ratio / min(max(ratio, 1 / _GROWTH_PLAY), _GROWTH_PLAY)
        self._move(float(excess[0]), float(excess[1]), growth**share)

    def _move(self, right: float, down: float, growth: float) -> None:
        """Move and enlarge the square, and the box of the face with it."""
        if self._square is None or self._box is None:
            return
        x, y = self._square.centre
        self._square = Crop.around((x + right, y + down), self._square.side * growth)
        x, y = self._box.centre
        width, height = self._box.width * growth, self._box.height * growth
        left, top = x + right - width / 2, y + down - height / 2
        self._box = FaceBox(left, top, width, height, self._box.score)

    def _look(self, frame: ByteArray, seconds: float) -> None:
        began = self._clock()
        boxes = find_upright(self._framer.detector, frame, COARSE)
        cost = self._clock() - began
        box = self._chosen(boxes, seconds)
        if box is None:
            self._miss()
        else:
            self._see(frame, box, seconds)
        share = _SHARE if self._square is not None and not self._misses else _SEARCH_SHARE
        self._next_look = seconds + max(_SOONEST_SECONDS, cost / share)

    def _chosen(self, boxes: Sequence[FaceBox], seconds: float) -> FaceBox | None:
        """The box of the person who is followed, else after a while the largest."""
        if self._box is not None:
            same = nearest_face(self._box, boxes, 1.0)
            waits = self._square is not None or seconds - self._seen < _PATIENCE_SECONDS
            if same is not None or waits:
                return same
        return max(boxes, key=lambda box: box.area, default=None)

    def _miss(self) -> None:
        self._misses += 1
        if self._misses >= _MISSES:
            self._square = None

    def _see(self, frame: ByteArray, box: FaceBox, seconds: float) -> None:
        """Take a box for the face's, and frame it anew where the square is not on it."""
        self._misses, self._seen = 0, seconds
        if self._framing is None or (self._square is None and not self._is_same(box)):
            self._framing = self._framer.framing_of(frame, box)
        wanted = frame_face(box, self._framing)
        if self._square is None or self._square.overlap(wanted) < _LEAST_OVERLAP:
            self._square, self._home = wanted.inside((frame.shape[0], frame.shape[1])), None
        self._box = box

    def _is_same(self, box: FaceBox) -> bool:
        return self._box is not None and nearest_face(self._box, [box], 1.0) is not None


def _place(value: FloatArray) -> tuple[FloatArray, float]:
    """Centre of keypoints (K, 2), and the root of their mean squared distance from it."""
    centre: FloatArray = value.mean(axis=0)
    return centre, float(np.sqrt(np.square(value - centre).sum(axis=1).mean()))
