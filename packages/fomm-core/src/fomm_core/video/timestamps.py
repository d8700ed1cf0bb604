"""The times of decoded frames, where need be mended."""

from __future__ import annotations

from fractions import Fraction

from av.video.frame import VideoFrame

from fomm_core.video.media import Timeline
from fomm_core.video.timing import Timed

# A jump beyond the promised end or far back is a fault of the stamps, not a pause.
_SLACK = Fraction(1)
_LONGEST_PAUSE = Fraction(60)


class FrameTimestamps:
    """Gives each frame of a stream, taken in order, its time since the first.

    Missing stamps continue from the frame before, and so do stamps that jump (as where
    recordings were joined).

    Args:
        timeline: of the stream.

    Attributes:
        end: when the last frame's time is over, in seconds since the beginning.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._origin: Fraction | None = None if timeline.by_dts else timeline.origin
        self._shift = Fraction(0)
        self.end = Fraction(0)

    def timed(self, frame: VideoFrame) -> Timed[VideoFrame]:
        """Return the frame with its time and duration."""
        start = self._start(frame)
        duration = self._duration(frame, start)
        self.end = start + duration
        return Timed(start, duration, frame)

    def _start(self, frame: VideoFrame) -> Fraction:
        ticks = frame.dts if self._timeline.by_dts else frame.pts
        if ticks is None or frame.time_base is None:
            return self.end
        seconds = ticks * frame.time_base
        if self._origin is None:
            self._origin = seconds
        start = seconds - self._origin + self._shift
        if not self._is_plausible(start):
            self._shift += self.end - start
            start = self.end
        return start

    def _is_plausible(self, start: Fraction) -> bool:
        promised = self._timeline.promised
        latest = self.end + _LONGEST_PAUSE if promised is None else promised + _SLACK
        return self.end - _SLACK <= start <= latest

    def _duration(self, frame: VideoFrame, start: Fraction) -> Fraction:
        """Return a frame's duration, cut at the promised end, which muxers overstate."""
        step = 1 / self._timeline.frame_rate
        stated = step
        if frame.time_base is not None and frame.duration:
            stated = frame.duration * frame.time_base
        if self._timeline.promised is None:
            return stated
        return max(min(stated, self._timeline.promised - start), min(stated, step))
