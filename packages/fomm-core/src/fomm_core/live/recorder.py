"""Recording of a live session as a video file, by the camera's time stamps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import ceil
from pathlib import Path

from fomm_core.image import ByteArray, fit
from fomm_core.live.frame import LiveFrame
from fomm_core.video import BackgroundSink, FrameSink, VideoWriter
from fomm_core.video.timing import exact, slot_at

_REPEATED_SECONDS = 1


@contextmanager
def open_recorder(path: Path, frame_rate: Fraction, comment: str = "") -> Iterator[LiveRecorder]:
    """Record live frames as a video file, which is complete at the end of the block.

    Where the block raises, nothing is left behind, as with every
    :class:`~fomm_core.video.FrameSink`.

    Args:
        path: the video to make, by its ending.
        frame_rate: frames per second, exact.
        comment: for the file's metadata; empty for none.

    Raises:
        OutputError: the file cannot be written.
    """
    with BackgroundSink(VideoWriter(path, frame_rate, comment=comment)) as sink:
        recorder = LiveRecorder(sink, frame_rate)
        yield recorder
        recorder.finish()


class LiveRecorder:
    """Places live frames at a constant rate, each at its camera's time.

    A frame is shown until the next one's time, so that the video keeps the pace of what the
    camera saw, however many frames were left out. For a second it is repeated, for programs that
    count frames; what a gap lasts longer is in the time stamps alone, and takes no work. A source
    of another size is fitted into the first one's.

    Args:
        sink: takes the frames.
        frame_rate: frames per second, exact.
    """

    def __init__(self, sink: FrameSink, frame_rate: Fraction) -> None:
        self._sink, self._rate = sink, frame_rate
        self._held: ByteArray | None = None
        self._first = 0.0
        self._slot = 0

    def write(self, frame: LiveFrame) -> None:
        """Show a frame from its time stamp on.

        Raises:
            OutputError: the file cannot be written.
        """
        if self._held is None:
            self._first, self._held = frame.seconds, frame.picture
            return
        slot = slot_at(exact(round(frame.seconds - self._first, 6)), self._rate)
        self._fill(slot)
        height, width = self._held.shape[:2]
        self._held = fit(frame.picture, (height, width), "pad")

    def finish(self) -> None:
        """Show the last frame once.

        Raises:
            OutputError: the file cannot be written.
        """
        self._fill(self._slot + 1)

    def _fill(self, slot: int) -> None:
        """Show the held frame up to a frame number."""
        frames = max(0, slot - self._slot)
        copies = min(frames, ceil(_REPEATED_SECONDS * self._rate))
        for _ in range(copies):
            if self._held is not None:
                self._sink.write(self._held)
        if frames > copies:
            self._sink.skip(frames - copies)
        self._slot += frames
