"""Which parts of a video show a face: VoxCeleb's rule for cutting training clips.

A part lasts as long as the face's box overlaps that of its first frame (intersection over union
of 25 % or more); its square, a "tube", holds the framed face of all its frames, stays where it
is, upright, and lies within the picture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fomm_core.errors import MediaError
from fomm_core.face.crop import SMALLEST_FACE, frame_face
from fomm_core.face.detector import FaceBox, FaceDetector
from fomm_core.face.search import COARSE, MEDIUM, find_upright
from fomm_core.face.yunet import open_detector
from fomm_core.image import ByteArray
from fomm_core.model.framing import VOXCELEB
from fomm_train.data.clip import open_clip
from fomm_train.data.index import IndexStore
from fomm_train.data.prepare.boxes import Cut
from fomm_train.data.prepare.plan import ClipJob
from fomm_train.data.workers.pool import results_as_done

EVERY = 5
"""Every so many frames are searched for faces; in between they cannot go far."""

SHORTEST = EVERY + 1
"""Frames of the shortest part, seen twice: what shows once may be no face."""

_SAME_TUBE = 0.25


def find_face_clips(
    jobs: Iterable[ClipJob], workers: int, index_folder: Path | None
) -> Generator[tuple[ClipJob, list[ClipJob] | MediaError], None, None]:
    """Look through whole videos for faces, several at a time.

    Args:
        jobs: the videos as a whole.
        workers: number of processes; 0 uses this one.
        index_folder: where what is known of the sources is kept between runs, if anywhere.

    Yields:
        Each video with the clips to cut from it, named ``<name>#<n>`` with n from 0, none
        where no face is found; or with the reason why it cannot be read.

    Raises:
        FaceError: no detector runs on this machine.
    """
    open_detector()  # its absence is told before anything is read
    return results_as_done(_FaceFinder(index_folder), jobs, workers)


@dataclass(frozen=True)
class _FaceFinder:
    """Looks through one video, in this process or in another."""

    index_folder: Path | None

    def __call__(self, job: ClipJob) -> list[ClipJob]:
        clip = open_clip(job.source, IndexStore(self.index_folder))
        cuts = find_cuts(open_detector(threads=1), clip.span(0, len(clip)))
        return [ClipJob(job.source, f"{job.name}#{n}", cut) for n, cut in enumerate(cuts)]


def find_cuts(detector: FaceDetector, frames: Iterable[ByteArray]) -> list[Cut]:
    """Find the parts of a video that show a face. No frame is kept.

    Where several faces are seen, the largest begins a part; another face begins the next.

    Args:
        detector: finds the boxes.
        frames: (H, W, 3) uint8, RGB, all of one size.

    Returns:
        The parts in order, of :data:`SHORTEST` frames or more each.
    """
    tubes: list[_Tube] = []
    size, count = (0, 0), 0
    for count, frame in enumerate(frames, start=1):
        if (count - 1) % EVERY == 0:
            size = (frame.shape[0], frame.shape[1])
            _extend(tubes, count - 1, _faces(detector, frame))
    return [tube.cut(size, count) for tube in tubes if len(tube.boxes) > 1]


@dataclass
class _Tube:
    """Boxes of one face that stays about where it was first seen, one for each look.

    Attributes:
        start: number of the first frame.
        boxes: from that frame on, every :data:`EVERY` frames.
    """

    start: int
    boxes: list[FaceBox] = field(default_factory=list)

    def follows(self, index: int) -> bool:
        """Whether the frame of that number is the next to be looked at."""
        return index == self.start + EVERY * len(self.boxes)

    def cut(self, size: tuple[int, int], count: int) -> Cut:
        """The part of a video of ``count`` frames of (height, width)."""
        left, top, right, bottom = _union(self.boxes)
        side = round(min(max(right - left, bottom - top), *size))
        x, y = (
            min(max(0, round((low + high - side) / 2)), length - side)
            for low, high, length in ((left, right, size[1]), (top, bottom, size[0]))
        )
        next_look = self.start + EVERY * len(self.boxes)
        end = count if next_look >= count else next_look - EVERY + 1
        return Cut(self.start, end, x, y, x + side, y + side)


def _extend(tubes: list[_Tube], index: int, faces: Sequence[FaceBox]) -> None:
    """Add the face of one frame to the tube that it continues, or to a new one."""
    if tubes and tubes[-1].follows(index):
        first = tubes[-1].boxes[0]
        nearest = max(faces, key=first.overlap, default=None)
        if nearest is not None and nearest.overlap(first) >= _SAME_TUBE:
            tubes[-1].boxes.append(nearest)
            return
    if faces:
        tubes.append(_Tube(index, [max(faces, key=lambda box: box.area)]))


def _faces(detector: FaceDetector, frame: ByteArray) -> list[FaceBox]:
    """The upright faces of a frame that are large enough, at the coarsest size with any."""
    looks: Iterator[tuple[FaceBox, ...]] = (
        find_upright(detector, frame, longest) for longest in (COARSE, MEDIUM)
    )
    found: tuple[FaceBox, ...] = next(filter(None, looks), ())
    return [box for box in found if box.height >= SMALLEST_FACE]


def _union(boxes: Iterable[FaceBox]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the squares around all boxes, as VoxCeleb frames them."""
    squares = [frame_face(box, VOXCELEB) for box in boxes]
    return (
        min(square.left for square in squares),
        min(square.top for square in squares),
        max(square.left + square.side for square in squares),
        max(square.top + square.side for square in squares),
    )
