"""Frames of a driving video on their way to the networks, no larger than these need them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from fomm_core.animator import Frame
from fomm_core.errors import BrokenMediaError
from fomm_core.face.track import CropPath
from fomm_core.video import VideoReader

logger = logging.getLogger(__name__)

_SPARE = 1.25
"""Pixels that decoding leaves along an axis for each one that the model sees, so that the last
step is a fine resampling. At 1.25 a 1080p video drives a model of 256 pixels from 360 lines, and
videos below 2.5 times the model's size are decoded whole. Keypoints move by 0.04 pixels on
average, less than H.264 itself moves them."""


@dataclass(frozen=True, eq=False)
class VideoFrames:
    """The frames of a video, (H, W, 3) uint8; can be iterated again.

    Attributes:
        reader: of the video.
        keep_going: where the video breaks off, warn and end there.
    """

    reader: VideoReader
    keep_going: bool = False

    def __iter__(self) -> Iterator[Frame]:
        return up_to_damage(self.reader) if self.keep_going else iter(self.reader)

    @property
    def scale(self) -> float:
        """Size of the frames by that of the video."""
        return 1 / self.reader.reduction

    def reduced_to(self, size: tuple[int, int], square: float | None = None) -> VideoFrames:
        """The same, decoded no larger than is needed.

        Args:
            size: (height, width) that the model sees.
            square: side in pixels of what is cut out for it; ``None`` takes whole frames.
        """
        info = self.reader.info
        sides = (info.height, info.width) if square is None else (square, square)
        ratio = min(side / needed for side, needed in zip(sides, size, strict=True))
        return VideoFrames(self.reader.reduced(max(1, int(ratio / _SPARE))), self.keep_going)


@dataclass(frozen=True, eq=False)
class CutFrames:
    """Frames that were seen before, cut to a path of squares; can be iterated again.

    Attributes:
        frames: of the video.
        count: as many as were seen, so that damage is told once.
        path: of the squares; ``None`` gives whole frames.
        size: (height, width) of what is cut out.
    """

    frames: Iterable[Frame]
    count: int
    path: CropPath | None
    size: tuple[int, int]

    def __iter__(self) -> Iterator[Frame]:
        seen = islice(self.frames, self.count)
        return seen if self.path is None else self.path.cut(seen, self.size)

    def reduced(self) -> CutFrames:
        """The same, decoded no larger than is needed."""
        if not isinstance(self.frames, VideoFrames):
            return self
        square = None if self.path is None else self.path.smallest_side
        frames = self.frames.reduced_to(self.size, square)
        path = None if self.path is None else self.path.scaled(frames.scale)
        return CutFrames(frames, self.count, path, self.size)


def up_to_damage(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames before a video's damage, with a warning instead of the error."""
    try:
        yield from frames
    except BrokenMediaError as error:
        logger.warning("%s; going on with the %d frames before it", error, error.frames_read)
