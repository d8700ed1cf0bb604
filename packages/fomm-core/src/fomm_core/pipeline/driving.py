"""Driving an animation: the frames of a video, or a motion template in their place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from fomm_core.animator import Animator, DrivingFrame, Frame
from fomm_core.errors import FaceError, MediaError
from fomm_core.face.crop import SMALLEST_FACE, Crop
from fomm_core.face.framer import FaceFramer
from fomm_core.face.track import CropPath, FaceTrack, steady_path, track_face
from fomm_core.loading import Model
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.frames import CutFrames, VideoFrames
from fomm_core.video import VideoReader, prefetch

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LOOKS_PER_SECOND = 5
"""Frames a second that are searched for the face; in between it cannot go far."""


@dataclass(frozen=True, eq=False)
class Driving:
    """Driving frames or a template, with their figures; :meth:`ahead` goes into Animator.run.

    Attributes:
        source: the driving frames, or a template in their place.
        template: the keypoints of these frames, once they are known.
        frame_rate: frames per second.
        frame_count: number of frames, estimated; ``None`` if unknown.
        path: of the video; ``None`` for a template.
        has_audio: whether it comes with sound.
        squares: to which the frames are cropped; ``None`` where they are whole.
        start: time of the first frame in the video, in seconds.
        reading: what :meth:`close` closes; shared with what is derived from it.
    """

    source: Iterable[Frame] | MotionTemplate
    template: MotionTemplate | None
    frame_rate: Fraction
    frame_count: int | None
    path: Path | None
    has_audio: bool
    squares: CropPath | None = None
    start: Fraction = Fraction(0)
    reading: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """End the threads that decode ahead; the frames can be iterated again.

        An error keeps the iterators that it went through, and with them their threads.
        """
        self.reading.close()

    @property
    def crop(self) -> Crop | None:
        """The one square of all frames; ``None`` where they are whole, or it follows a face."""
        if self.squares is None or len(self.squares.crops) > 1:
            return None
        return self.squares.crops[0]

    def ahead(self, animator: Animator) -> Iterator[DrivingFrame] | MotionTemplate:
        """Frames for :meth:`Animator.run` that a thread reads and prepares, or the template.

        Decoding, cutting, fitting and conversion overlap with the networks.
        """
        if isinstance(self.source, MotionTemplate):
            return self.source
        return self._prepared_ahead(self.source, animator)

    def with_best_reference(
        self,
        animator: Animator,
        on_progress: Callable[[int], None] = lambda done: None,
        *,
        keep_frames: bool = True,
    ) -> Driving:
        """Look through all frames for the one whose pose is nearest to the source's.

        Args:
            animator: knows the source, and detects the keypoints of the frames.
            on_progress: called with the number of frames looked at.
            keep_frames: give the driving frames again, which decodes them once more; without
                them the keypoints drive alone.

        Returns:
            The same with that frame as reference, and with the keypoints of all frames.
        """
        if isinstance(self.source, MotionTemplate):
            return replace(self, source=animator.with_best_reference(self.source))
        template = self.template
        if template is None:
            template = self._watched(self.source, animator, on_progress)
        best = animator.with_best_reference(template)
        logger.info("best driving frame: %d of %d", best.reference, len(best))
        known = replace(self, template=best, frame_count=len(best))
        return known if keep_frames else replace(known, source=best)

    def cropped(
        self, framer: FaceFramer, on_progress: Callable[[int], None] = lambda done: None
    ) -> Driving:
        """Look through the frames for a face, and crop all of them steadily to it.

        Args:
            framer: finds and frames the face.
            on_progress: called with the number of frames looked through.

        Returns:
            The same with cropped frames, which are decoded once more; they stay as they are
            where there is no face, or where they are about that crop already. What the user
            should know is logged.

        Raises:
            FaceError: the face has too few pixels in all frames.
        """
        if isinstance(self.source, MotionTemplate):
            return self
        count = 0

        def watch(done: int) -> None:
            nonlocal count
            count = done
            on_progress(done)

        every = max(1, round(self.frame_rate / _LOOKS_PER_SECOND))
        track = track_face(framer, _counted(self._read_ahead(self.source), watch), every)
        _require_size(track)
        path = None if track is None else steady_path(track, float(self.frame_rate))
        _tell_of(track, self._time_of)
        if track is not None and path is not None and path.is_framed(track.size):
            path = None
        seen = CutFrames(self.source, count, path, framer.size)
        return replace(self, source=seen.reduced(), frame_count=count, squares=path)

    def with_recorded_motion(
        self,
        animator: Animator,
        on_progress: Callable[[int], None] = lambda done: None,
        *,
        keep_frames: bool = True,
    ) -> Driving:
        """Detect the keypoints of all frames, so that they drive many sources.

        Args:
            animator: detects them; its source does not matter.
            on_progress, keep_frames: as of :meth:`with_best_reference`.
        """
        if isinstance(self.source, MotionTemplate):
            return self
        template = self.recorded_motion(animator, on_progress)
        known = replace(self, template=template, frame_count=len(template))
        return known if keep_frames else replace(known, source=template)

    def recorded_motion(
        self, animator: Animator, on_progress: Callable[[int], None] = lambda done: None
    ) -> MotionTemplate:
        """The keypoints of all frames, as a template that tells their square.

        Args:
            animator, on_progress: as of :meth:`with_recorded_motion`.
        """
        if isinstance(self.source, MotionTemplate):
            return self.source
        template = self._watched(self.source, animator, on_progress)
        return replace(template, crop=self._recorded_crop())

    def _watched(
        self, frames: Iterable[Frame], animator: Animator, on_progress: Callable[[int], None]
    ) -> MotionTemplate:
        ahead = self._prepared_ahead(frames, animator)
        return animator.record(_counted(ahead, on_progress), self.frame_rate)

    def _prepared_ahead(
        self, frames: Iterable[Frame], animator: Animator
    ) -> Iterator[DrivingFrame]:
        """The frames as the animator sees them, read and prepared in a thread."""
        if isinstance(frames, VideoFrames):
            height, width = animator.source.shape[:2]
            frames = frames.reduced_to((height, width))
        return self._read_ahead(animator.prepare(frame) for frame in frames)

    def _time_of(self, number: int) -> float:
        """Time of a frame in the video, in seconds."""
        return float(self.start + number / self.frame_rate)

    def _read_ahead(self, frames: Iterable[T]) -> Iterator[T]:
        """The frames, made in a thread that :meth:`close` ends."""
        return self.reading.enter_context(closing(prefetch(frames)))

    def recorded(self, keypoints: Iterable[Keypoints], model: Model) -> MotionTemplate:
        """The motion that drove, as a template with the reference frame that was used."""
        known = self.source if isinstance(self.source, MotionTemplate) else self.template
        return MotionTemplate.from_keypoints(
            keypoints,
            frame_rate=self.frame_rate,
            model=model.name,
            frame_size=model.frame_size,
            reference=0 if known is None else known.reference,
            crop=self._recorded_crop(),
        )

    def _recorded_crop(self) -> tuple[float, float, float] | None:
        if isinstance(self.source, MotionTemplate) and self.crop is None:
            return self.source.crop
        return None if self.crop is None else (self.crop.left, self.crop.top, self.crop.side)


def open_driving(
    driving: Path | MotionTemplate,
    start: float | None = None,
    end: float | None = None,
    keep_going: bool = False,
) -> Driving:
    """Open a driving video (GIF, folder of frames, picture) or take a template.

    Args:
        driving: the video or the template.
        start, end: the part of the video to use, in seconds.
        keep_going: where the video breaks off, warn and end there.

    Raises:
        MediaError: the video cannot be read, or has no such part; a template has no parts.
    """
    if isinstance(driving, MotionTemplate):
        if (start, end) != (None, None):
            raise MediaError("start and end: expected a driving video, found a motion template")
        return Driving(driving, None, driving.frame_rate, len(driving), None, False)
    reader = VideoReader(driving, start=start, end=end)
    return Driving(
        VideoFrames(reader, keep_going),
        None,
        reader.frame_rate,
        reader.frame_count,
        driving,
        reader.info.has_audio,
        start=reader.start,
    )


def _require_size(track: FaceTrack | None) -> None:
    """Refuse a face that is too small in every frame that shows it."""
    largest = SMALLEST_FACE if track is None else max(box.height for box in track.boxes)
    if largest < SMALLEST_FACE:
        raise FaceError(
            f"driving video: expected a face of {SMALLEST_FACE} pixels or more, found one of "
            f"{largest:.0f}; take a larger video, or --crop off for its middle"
        )


def _tell_of(track: FaceTrack | None, time_of: Callable[[int], float]) -> None:
    """Warn where the face is missing, or another one is in its place.

    Args:
        track: of the face.
        time_of: tells from the number of a frame its time in the video, in seconds.
    """
    if track is None:
        logger.warning("no face found in the driving video: its middle is taken")
        return
    if track.turns:
        logger.warning("the driving video lies on its side: turned by %d degrees", 90 * track.turns)
    if track.missed:
        when = time_of(track.missed[0])
        what = "another face is there" if track.crowd else "the face is missing"
        logger.warning("driving video: %s from %.1f s on; its crop is held", what, when)
    if track.cuts:
        logger.warning(
            "driving video: another person or scene begins at %g s; "
            "take a part without that by --start and --end",
            round(time_of(track.cuts[0]), 2),  # of which --start and --end find the nearest frame
        )


def _counted(frames: Iterable[T], on_progress: Callable[[int], None]) -> Iterator[T]:
    """The same frames; tells how many have been used."""
    for count, frame in enumerate(frames, start=1):
        yield frame
        on_progress(count)
