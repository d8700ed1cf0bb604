"""One timeline for all streams of a file: when each picture and each sound is due.

The stamps of the packets decide, read once through the file without decoding; what a header
says of durations is a hint. Where recordings were joined their clock jumps, and is mended for
pictures and sound together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fomm_core.video.joins import Shifts
from fomm_core.video.timing import Timed

StreamT = TypeVar("StreamT", VideoStream, AudioStream)


@dataclass(frozen=True)
class KeyFrame:
    """A frame from which decoding can begin.

    Attributes:
        pts: time of presentation, in ticks of the stream.
        seek_at: the time by which its container finds it, in the same ticks.
    """

    pts: int
    seek_at: int


@dataclass(frozen=True)
class Timeline:
    """When the pictures and the sound of a file are due.

    Attributes:
        origin: time of the first picture on the file's mended clock, in seconds; without
            pictures that of the first sound.
        duration: of the pictures, in seconds, or ``None`` where there are none.
        frame_rate: frames per second, exact; for a variable rate the constant one that the
            frames are resampled to.
        promised: the end of the pictures in seconds since ``origin``, where the header
            promises one that lies beyond their stamps, else ``None``.
        by_dts: whether frames have their places in the order of decoding only.
        keys: the key frames in order of presentation where seeking is exact, else empty.
        shifts: for each stream whose clock jumps, what to add to its stamps: pairs of the
            number of the first packet and seconds.
    """

    origin: Fraction
    duration: Fraction | None
    frame_rate: Fraction
    promised: Fraction | None = None
    by_dts: bool = False
    keys: tuple[KeyFrame, ...] = ()
    shifts: Shifts = field(default_factory=dict)

    def keys_before(self, seconds: Fraction, base: Fraction) -> list[KeyFrame]:
        """List the key frames shown not after a time, the latest first."""
        target = (self.origin + seconds) / base
        return [key for key in reversed(self.keys) if key.pts <= target]

    def mended(self, packets: Iterable[Packet[StreamT]], index: int) -> Iterator[Packet[StreamT]]:
        """Yield a stream's packets, read from the beginning, on the mended clock."""
        shifts = dict(self.shifts.get(index, ()))
        shift = Fraction(0)
        for number, packet in enumerate(packets):
            shift = shifts.get(number, shift)
            if shift and packet.time_base:
                ticks = round(shift / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts + ticks
                packet.dts = None if packet.dts is None else packet.dts + ticks
            yield packet


class FrameTimestamps:
    """Gives each frame of a stream, taken in order, its time since the first.

    Missing stamps continue from the frame before, and so do stamps that go back.

    Args:
        timeline: of the file.

    Attributes:
        end: when the last frame's time is over, in seconds since the beginning.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._origin: Fraction | None = None if timeline.by_dts else timeline.origin
        self._latest: Fraction | None = None
        self.end = Fraction(0)

    def timed(self, frame: VideoFrame) -> Timed[VideoFrame]:
        """Return the frame with its time and duration."""
        start = self._start(frame)
        duration = self._duration(frame, start)
        self._latest, self.end = start, start + duration
        return Timed(start, duration, frame)

    def _start(self, frame: VideoFrame) -> Fraction:
        ticks = frame.dts if self._timeline.by_dts else frame.pts
        if ticks is None or frame.time_base is None:
            return self.end
        seconds = ticks * frame.time_base
        if self._origin is None:
            self._origin = seconds
        start = seconds - self._origin
        return start if self._latest is None or start >= self._latest else self.end

    def _duration(self, frame: VideoFrame, start: Fraction) -> Fraction:
        """Return a frame's duration, cut at the end of the pictures, which muxers overstate."""
        step = 1 / self._timeline.frame_rate
        stated = step
        if frame.time_base is not None and frame.duration:
            stated = frame.duration * frame.time_base
        return within(stated, step, start, self._timeline.duration)


def within(stated: Fraction, step: Fraction, start: Fraction, end: Fraction | None) -> Fraction:
    """Cut a frame's duration at the end of the pictures, but to no less than a step.

    Args:
        stated: the duration as the file has it, in seconds.
        step: of the frame rate, in seconds.
        start: time of the frame, in seconds.
        end: of the pictures; one before ``start`` is false, ``None`` unknown.
    """
    if end is None or end <= start:
        return stated
    return max(min(stated, end - start), min(stated, step))
