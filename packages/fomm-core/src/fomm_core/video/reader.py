"""Reading a driving video, a GIF, a folder of pictures or a picture, frame by frame."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from fomm_core.errors import BrokenMediaError, MediaError
from fomm_core.image import ByteArray
from fomm_core.utils.values import is_finite_number
from fomm_core.video.animation import read_animation
from fomm_core.video.info import VideoInfo, probe
from fomm_core.video.pictures import list_pictures, read_pictures
from fomm_core.video.timing import Span, resample

_log = logging.getLogger(__name__)


class VideoReader:
    """An iterable of (H, W, 3) uint8 RGB frames at a constant rate.

    Frames are decoded as they are asked for; memory does not grow with the length. Each
    iteration opens the source anew. Stored rotations are applied, pixels made square, and
    variable frame rates resampled by presentation time, so that length and sync are kept.
    Pictures of a folder come in natural order of their names, at the size of the first.

    Args:
        path: a video file (mp4, mov, webm, avi, mkv, ...), a GIF, a folder of pictures or a
            single picture.
        start: where to begin, in seconds; ``None`` is the beginning.
        end: where to stop, in seconds; ``None`` is the end.

    Attributes:
        info: the source in figures, the range and any reduction left aside.
        reduction: by which the sides of the frames are divided.

    Raises:
        MediaError: nothing is there, it cannot be read, or ``start`` and ``end`` do not lie
            in order within its duration. When iterating, :class:`BrokenMediaError` where
            the source breaks off after some frames were delivered.
    """

    def __init__(
        self, path: str | Path, *, start: float | None = None, end: float | None = None
    ) -> None:
        self.info: VideoInfo = probe(path)
        self.reduction = 1
        self._told = False
        _check_range(self.info, start, end)
        self._span = Span.of_seconds(start, end, self.info.frame_rate)

    @property
    def frame_rate(self) -> Fraction:
        """Frames per second, exact; 25 for folders and pictures."""
        return self.info.frame_rate

    @property
    def start(self) -> Fraction:
        """Time of the first frame to come, in seconds of the video."""
        return self._span.first / self.info.frame_rate

    @property
    def frame_count(self) -> int | None:
        """Number of frames to come, estimated from the header, or ``None`` if unknown."""
        return self._span.count_within(self.info.frame_count)

    def reduced(self, factor: int) -> VideoReader:
        """The same frames at a fraction of their size, which takes a fraction of the time.

        The scaler averages areas while it converts colours; sides are rounded. Pictures, and
        folders and animations of them, are given as they are, with a reduction of 1.

        Args:
            factor: by which the sides are divided, at least 1.
        """
        if factor < 1:
            raise ValueError(f"factor: expected 1 or more, found {factor}")
        other = copy.copy(self)
        other.reduction = factor if self.info.kind in ("video", "gif") else 1
        return other

    def __iter__(self) -> Iterator[ByteArray]:
        if self.info.kind == "folder":
            return self._pictures(list_pictures(self.info.path))
        if self.info.kind == "picture":
            return self._pictures([self.info.path])
        if self.info.kind == "animation":
            return read_animation(self.info.path, self.frame_rate, self._span)
        return self._decoded()

    def _pictures(self, pictures: list[Path]) -> Iterator[ByteArray]:
        size = (self.info.height, self.info.width)
        return read_pictures(pictures[: self._span.stop], size, self._span.first)

    def _decoded(self) -> Iterator[ByteArray]:
        from fomm_core.video.decode import StreamDecoder
        from fomm_core.video.fallback import is_piped
        from fomm_core.video.frames import RgbFrames
        from fomm_core.video.media import open_media

        path, span, rate = self.info.path, self._span, self.frame_rate
        count = 0
        with open_media(path) as container:
            decoder = StreamDecoder(container, path)
            self._tell(piped=is_piped(container), joined=bool(decoder.timeline.shifts))
            if span.first:
                decoder.seek(span.first / rate)
            frames = RgbFrames(decoder.pixel_aspect, self.reduction)
            for picture in resample(decoder, rate, span):
                yield frames.to_rgb(picture)
                count += 1
        self._check_whole(count, decoder.damage)

    def _tell(self, *, piped: bool, joined: bool) -> None:
        """Say once what the user should know of the source."""
        if piped and not self._told:
            _log.warning(
                "%s: PyAV cannot decode it; the FFmpeg of imageio-ffmpeg, or the system's, can",
                self.info.path,
            )
        if joined and not self._told:
            _log.warning(
                "%s: its clock jumps, as where recordings are joined; pictures and sound go on "
                "without a gap",
                self.info.path,
            )
        self._told = True

    def _check_whole(self, count: int, damage: str | None) -> None:
        """Raise if the source ended before the range did."""
        wanted = self._span.count_within(None)
        if count == 0:
            reason = f": {damage}" if damage else ""
            raise MediaError(f"{self.info.path}: no frame in the range asked for{reason}")
        if damage is not None and (wanted is None or count < wanted):
            raise BrokenMediaError(
                f"{self.info.path}: broken after {count} frames: {damage}", frames_read=count
            )


def _check_range(info: VideoInfo, start: float | None, end: float | None) -> None:
    """Raise unless 0 <= start < end <= duration, where these are known."""
    begin = 0.0 if start is None else start
    for name, value in (("start", start), ("end", end)):
        if value is not None and not (is_finite_number(value) and value >= 0):
            raise MediaError(f"{name}: expected seconds, 0 or more, found {value!r}")
    if end is not None and end <= begin:
        raise MediaError(f"end: expected more than the start ({begin:g} s), found {end:g} s")
    if info.duration_s is None:
        return
    # Headers round: half a frame too much is no mistake of the user.
    limit = info.duration_s + 0.5 / float(info.frame_rate)
    if start is not None and start >= info.duration_s:
        raise MediaError(
            f"start: expected less than the {info.duration_s:g} s of {info.path}, found {start:g} s"
        )
    if end is not None and end > limit:
        raise MediaError(
            f"end: expected at most the {info.duration_s:g} s of {info.path}, found {end:g} s"
        )
