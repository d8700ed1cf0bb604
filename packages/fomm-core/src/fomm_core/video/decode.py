"""Decoding one video stream up to its end or to where it is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fomm_core.errors import MediaError
from fomm_core.image import MAX_PIXELS
from fomm_core.video.media import demux
from fomm_core.video.scan import read_timeline
from fomm_core.video.timeline import FrameTimestamps, Timeline
from fomm_core.video.timing import Timed
from fomm_core.video.tracks import video_stream

# Up to this size one thread decodes a frame in about a millisecond, and the cores are left
# to the networks.
_ONE_THREAD_PIXELS = 640 * 480

_LIBVPX = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

# Where a demuxer misses so many key frames, decoding begins at the beginning.
_KEYS_TRIED = 3

# A file is cut off if it lacks this much of what its header promises.
_MISSING = Fraction(1, 2)


class StreamDecoder:
    """Decodes the video stream of an opened file, in order of presentation.

    Iterating ends at the end of the file or where it is damaged; :attr:`damage` says which.

    Args:
        container: opened file; its owner closes it.
        path: of the file.
        timeline: of the file; ``None`` reads it.

    Attributes:
        timeline: when the frames are due.
        damage: what is wrong with the file, in words, once iterating ended; else ``None``.

    Raises:
        MediaError: the file has no video stream.
    """

    def __init__(
        self, container: InputContainer, path: Path, timeline: Timeline | None = None
    ) -> None:
        self._container = container
        self._stream = _configured(video_stream(container, path))
        self._context = _decoder_with_alpha(self._stream) or self._stream.codec_context
        self.timeline: Timeline = timeline or read_timeline(path)
        self._packets: Iterator[Packet[VideoStream]] = self._demuxed()
        self.damage: str | None = None
        self._clock = FrameTimestamps(self.timeline)
        self._is_cut_gif = container.format.name == "gif" and not _has_gif_trailer(path)

    @property
    def pixel_aspect(self) -> Fraction | None:
        """Width of a pixel divided by its height, or ``None`` where not stated."""
        return self._stream.sample_aspect_ratio

    def seek(self, seconds: Fraction) -> None:
        """Go to a key frame at or before a time, where the format has an index for it.

        Demuxers seek by other times than those of presentation, so that it is looked at where
        they arrived.
        """
        base = self._stream.time_base
        if base is None or not self.timeline.keys:
            return
        for key in [*self.timeline.keys_before(seconds, base)[:_KEYS_TRIED], None]:
            with suppress(av.FFmpegError):
                self._container.seek(key.seek_at if key else 0, stream=self._stream)
            packets = self._demuxed()
            first = next(packets, None)
            if key is None or (
                first is not None and first.pts is not None and first.pts <= key.pts
            ):
                self._packets = packets if first is None else chain([first], packets)
                return

    def _demuxed(self) -> Iterator[Packet[VideoStream]]:
        packets = demux(self._container, self._stream)
        return self.timeline.mended(packets, self._stream.index)

    def __iter__(self) -> Iterator[Timed[VideoFrame]]:
        half_a_frame = 1 / (2 * self.timeline.frame_rate)
        frames = self._intact_frames()
        if self._is_cut_gif:
            frames = _all_but_last(frames)  # that one is decoded as far as its data goes
        for frame in frames:
            due = self._clock.end + half_a_frame
            timed = self._clock.timed(frame)
            if self.damage is not None and timed.start > due:
                return  # a frame between was lost
            yield timed
        if self.damage is None:
            self.damage = self._missing_end()

    def _intact_frames(self) -> Iterator[VideoFrame]:
        """Yield frames up to the first that is damaged."""
        started = False
        for frame in self._decoded():
            if not frame.is_corrupt:
                started = True
                yield frame
            elif started:  # before the first key frame nothing can be whole
                self.damage = "a frame is damaged"
                return

    def _decoded(self) -> Iterator[VideoFrame]:
        try:
            for packet in self._packets:
                yield from self._context.decode(packet)
        except (av.FFmpegError, OSError) as error:
            self.damage = f"its data is damaged ({error.strerror})"
            if self._context.is_open:  # else nothing was ever decoded
                yield from self._drained()

    def _drained(self) -> Iterator[VideoFrame]:
        """Yield the whole frames that the decoder still holds when the data fails."""
        try:
            for frame in self._context.decode(None):
                frame.time_base = self._stream.time_base
                yield frame
        except (av.FFmpegError, OSError):
            return

    def _missing_end(self) -> str | None:
        """Compare what was decoded with what the file promised."""
        promised = self.timeline.promised
        if promised is not None and promised - self._clock.end > _MISSING:
            return f"it ends at {float(self._clock.end):.2f} s of {float(promised):.2f} s"
        return "its end is cut off" if self._is_cut_gif else None


def first_frame(decoder: StreamDecoder, path: Path) -> VideoFrame:
    """Decode one frame to learn what the header does not tell.

    Raises:
        MediaError: the stream holds no frame that can be decoded.
    """
    for timed in decoder:
        return timed.picture
    reason = f": {decoder.damage}" if decoder.damage else ""
    raise MediaError(f"{path}: expected a video, found no frame that can be decoded{reason}")


def _configured(stream: VideoStream) -> VideoStream:
    # As for pictures: a few bytes can claim a frame that takes all memory.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    if stream.width * stream.height <= _ONE_THREAD_PIXELS:
        stream.thread_type = "NONE"
        stream.thread_count = 1
    else:
        stream.thread_type = "AUTO"
    return stream


def _decoder_with_alpha(stream: VideoStream) -> VideoCodecContext | None:
    """Return libvpx's decoder for a transparent stream: FFmpeg's own drop the alpha plane."""
    name = _LIBVPX.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    try:
        decoder = av.CodecContext.create(name, "r")
    except av.codec.codec.UnknownCodecError:
        return None
    if not isinstance(decoder, VideoCodecContext):
        return None
    decoder.width, decoder.height = stream.width, stream.height
    decoder.extradata = stream.codec_context.extradata
    decoder.options = stream.codec_context.options
    return decoder


def _all_but_last(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    held: VideoFrame | None = None
    for frame in frames:
        if held is not None:
            yield held
        held = frame


def _has_gif_trailer(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-min(64, path.stat().st_size), 2)
        return file.read().rstrip(b"\0\r\n").endswith(b";")
