"""Following one person's face through the frames of a clip, and one steady square for it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fomm_core.face.crop import Crop, frame_face, is_framed
from fomm_core.face.cuts import change_of_colours, find_cuts
from fomm_core.face.detector import FaceBox
from fomm_core.face.framer import FaceFramer
from fomm_core.face.search import Faces, find_faces, find_upright, size_to_follow
from fomm_core.image import ByteArray
from fomm_core.model.framing import Framing

_REACH = 1.0
"""Heights of its box that a face moves at most from one look to the next."""

_LARGEST_GROWTH = 1.6
_FEWEST_NEAR = 3
"""Frames before and after a cut that show how much the colours change by movement alone."""

_AROUND = 1.5
"""Side of the square in which colours are watched, in heights of the face's box."""

_TUBE_PLAY = 0.3
"""Range of the box's centre, in sides of the square, up to which the square need not grow."""

_TUBE_LIMIT = 0.7
"""Range, in sides, beyond which the square follows the face instead of growing."""


@dataclass(frozen=True)
class FaceTrack:
    """One person's face in a clip.

    Attributes:
        indices: numbers of the frames in which it was found, in order; empty if in none.
        boxes: the boxes there, in pixels of the upright frames.
        missed: numbers of the frames that were looked at and do not show it.
        crowd: whether another face was there in its place in one of those.
        cuts: numbers of the frames from which a face was followed that may be another's.
        size: (height, width) of the upright frames.
        turns: quarter turns that make the frames upright.
        framing: of this person, by the first frame that shows the face.
    """

    indices: tuple[int, ...]
    boxes: tuple[FaceBox, ...]
    missed: tuple[int, ...]
    crowd: bool
    cuts: tuple[int, ...]
    size: tuple[int, int]
    turns: int
    framing: Framing


@dataclass(frozen=True)
class CropPath:
    """The square of every frame of a clip.

    Attributes:
        crops: one square for all frames, or one for each.
        turns: quarter turns that make the frames upright.
    """

    crops: tuple[Crop, ...]
    turns: int = 0

    @property
    def smallest_side(self) -> float:
        """Side of the smallest square, in pixels."""
        return min(crop.side for crop in self.crops)

    def scaled(self, factor: float) -> CropPath:
        """The squares in frames enlarged by ``factor``."""
        return CropPath(tuple(crop.scaled(factor) for crop in self.crops), self.turns)

    def at(self, index: int) -> Crop:
        """The square of a frame; the last one beyond the end."""
        return self.crops[min(index, len(self.crops) - 1)]

    def is_framed(self, size: tuple[int, int]) -> bool:
        """Whether frames of (height, width) are about the one square already, and upright."""
        return self.turns == 0 and len(self.crops) == 1 and is_framed(self.crops[0], size)

    def cut(self, frames: Iterable[ByteArray], size: tuple[int, int]) -> Iterator[ByteArray]:
        """Cut each frame, (H, W, 3) uint8, to its square, at the model's (height, width)."""
        for index, frame in enumerate(frames):
            yield self.cut_frame(index, frame, size)

    def cut_frame(self, index: int, frame: ByteArray, size: tuple[int, int]) -> ByteArray:
        """Cut the frame of that number, (H, W, 3) uint8, as :meth:`cut` does."""
        return self.at(index).cut(np.rot90(frame, self.turns), size)


def track_face(framer: FaceFramer, frames: Iterable[ByteArray], every: int) -> FaceTrack | None:
    """Follow the face that is the largest where one is seen first. No frame is kept.

    Args:
        framer: finds the faces, and knows the model's framing.
        frames: (H, W, 3) uint8, RGB, all of one size; consumed once.
        every: look at every so many frames.

    Returns:
        The track; ``None`` where there is no face in any frame.
    """
    tracker: _Tracker | None = None
    missed: list[int] = []
    for index, frame in enumerate(frames):
        if tracker is not None:
            tracker.watch(frame)
        if index % every:
            continue
        if tracker is None:
            tracker = _first_seen(framer, frame, index)
            seen = tracker is not None
        else:
            seen = tracker.look(frame, index, every)
        if not seen:
            missed.append(index)
    return None if tracker is None else tracker.track(missed, every)


class _Tracker:
    """One face from the frame on in which it was seen first."""

    def __init__(self, framer: FaceFramer, frame: ByteArray, index: int, faces: Faces) -> None:
        upright = np.rot90(frame, faces.turns)
        box = max(faces.boxes, key=lambda box: box.area)
        self._detector = framer.detector
        self._turns = faces.turns
        self._size = (upright.shape[0], upright.shape[1])
        self._framing = framer.framing_of(upright, box)
        self._crowd = False
        self._last = upright
        self._changes = [0.0] * (index + 1)
        self.indices = [index]
        self.boxes = [box]

    def watch(self, frame: ByteArray) -> None:
        """Note by how much the colours around the face change in the next frame."""
        upright = np.rot90(frame, self._turns)
        box = self.boxes[-1]
        around = Crop.around(box.centre, _AROUND * box.height)
        self._changes.append(change_of_colours(self._last, upright, around))
        self._last = upright

    def look(self, frame: ByteArray, index: int, every: int) -> bool:
        """Look for the face in a later frame; tell whether it is there."""
        upright = np.rot90(frame, self._turns)
        boxes = find_upright(self._detector, upright, size_to_follow(self.boxes[-1], self._size))
        found = nearest_face(self.boxes[-1], boxes, (index - self.indices[-1]) / every)
        if found is None:
            self._crowd |= bool(boxes)
            return False
        self.indices.append(index)
        self.boxes.append(found)
        return True

    def track(self, missed: Sequence[int], every: int) -> FaceTrack:
        """Collect what was seen."""
        cuts = find_cuts(self._changes, max(every, _FEWEST_NEAR))
        unnoticed = (cut for cut in cuts if not any(cut <= miss < cut + every for miss in missed))
        return FaceTrack(
            tuple(self.indices),
            tuple(self.boxes),
            tuple(missed),
            self._crowd,
            tuple(unnoticed),
            self._size,
            self._turns,
            self._framing,
        )


def _first_seen(framer: FaceFramer, frame: ByteArray, index: int) -> _Tracker | None:
    faces = find_faces(framer.detector, frame)
    return _Tracker(framer, frame, index, faces) if faces.boxes else None


def steady_path(track: FaceTrack, frame_rate: float) -> CropPath:
    """One square for the whole clip, or squares that follow a face which goes far.

    The square is that of the median box, in the middle of the range of all boxes, and grows
    where the face moves by more than 30 % of it: a tube, as VoxCeleb was cut. Beyond 70 % it
    follows the face instead, smoothed over a quarter of a second.

    Args:
        track: of the face.
        frame_rate: frames per second.
    """
    crops = [frame_face(box, track.framing) for box in track.boxes]
    centres = np.array([crop.centre for crop in crops])
    side = float(np.median([crop.side for crop in crops]))
    low, high = centres.min(axis=0), centres.max(axis=0)
    extent = float((high - low).max())
    if extent <= _TUBE_LIMIT * side:
        x, y = (low + high) / 2
        grown = max(side, extent + (1 - _TUBE_PLAY) * side)
        return CropPath((Crop.around((x, y), grown).inside(track.size),), track.turns)
    return CropPath(_following(track, centres, side, frame_rate), track.turns)


def _following(
    track: FaceTrack, centres: npt.NDArray[np.float64], side: float, frame_rate: float
) -> tuple[Crop, ...]:
    """Squares of one size whose centres go as the face's do, without its trembling."""
    frames = np.arange(track.indices[-1] + 1)
    every = np.stack([np.interp(frames, track.indices, axis) for axis in centres.T], axis=1)
    # Four standard deviations. Continued at both ends as it begins and ends, so that the square
    # does not lag there.
    reach = round(frame_rate)
    longer = np.pad(every, ((reach, reach), (0, 0)), "reflect", reflect_type="odd")
    weights = np.exp(-8 * (np.arange(-reach, reach + 1) / frame_rate) ** 2)
    weights /= weights.sum()
    smooth = np.stack([np.convolve(axis, weights, "valid") for axis in longer.T], axis=1)
    squares = (Crop(x - side / 2, y - side / 2, side) for x, y in smooth)
    return tuple(square.inside(track.size) for square in squares)


def nearest_face(last: FaceBox, boxes: Iterable[FaceBox], gap: float) -> FaceBox | None:
    """The box that can be the last one's face after ``gap`` looks; ``None`` where none can."""

    def distance(box: FaceBox) -> float:
        return math.dist(box.centre, last.centre)

    reach = _REACH * gap * last.height
    near = [box for box in boxes if distance(box) <= reach and _alike(box, last)]
    return min(near, key=distance, default=None)


def _alike(box: FaceBox, last: FaceBox) -> bool:
    ratio = box.height / last.height
    return 1 / _LARGEST_GROWTH <= ratio <= _LARGEST_GROWTH
