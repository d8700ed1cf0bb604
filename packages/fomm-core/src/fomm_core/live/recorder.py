"""Recording of a live session as a video file, by the camera's time stamps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from fomm_core.image import ByteArray, fit
from fomm_core.live.frame import LiveFrame
from fomm_core.video import BackgroundSink, VideoWriter
from fomm_core.video.timing import exact, slot_at


class LiveRecorder:
    """Writes live frames as a video at a constant rate, each at its camera's time.

    A frame is shown until the next one's time, so that the video keeps the pace of what the
    camera saw, however many frames were left out. A source of another size is fitted into the
    first one's.

    Args:
        path: the video to make, by its ending.
        frame_rate: frames per second, exact.
        comment: for the file's metadata; empty for none.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, frame_rate: Fraction, comment: str = "") -> None:
        self._rate = frame_rate
        self._sink = BackgroundSink(VideoWriter(path, frame_rate, comment=comment))
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

    def _fill(self, slot: int) -> None:
        """Show the held frame up to a frame number."""
        for _ in range(self._slot, slot):
            if self._held is not None:
                self._sink.write(self._held)
        self._slot = max(self._slot, slot)

    def __enter__(self) -> Self:
        self._sink.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._fill(self._slot + 1)
        self._sink.__exit__(kind, error, trace)
