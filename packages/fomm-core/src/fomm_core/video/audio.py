"""Sound: taken from one file and muxed beside the frames of another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from typing_extensions import Self

from fomm_core.errors import MediaError
from fomm_core.video.info import kind_of
from fomm_core.video.media import open_media, video_stream
from fomm_core.video.timing import exact

_log = logging.getLogger(__name__)

# Others are resampled. At low rates a frame of AAC, which is not divided, would reach far
# beyond the last picture.
_SAMPLE_RATES = {"aac": (44100, 48000), "libopus": (48000,)}
_DEFAULT_SAMPLE_RATE = 48000


@dataclass(frozen=True)
class AudioClip:
    """The sound of a file, or a part of it.

    Attributes:
        path: a video or sound file; one without sound, a picture or a folder of pictures is
            allowed and stays silent.
        start: beginning in seconds, counted from the first video frame; ``None`` is that frame.
        end: end in seconds on the same clock; ``None`` is the end of the sound.
    """

    path: Path
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class AudioFormat:
    """Sound that a container takes.

    Attributes:
        copied: names of the codecs whose packets are copied as they are.
        encoder: name of the encoder for all others.
    """

    copied: frozenset[str]
    encoder: str


class AudioTrack:
    """A sound stream of an output file, fed step by step with the frames.

    Use :meth:`open`. Damaged sound ends where it breaks, with a warning in the log: a video
    with part of its sound is of more use than none.
    """

    def __init__(
        self, feed: _CopyFeed | _EncodeFeed, length: Fraction | None, closing: ExitStack
    ) -> None:
        self._feed = feed
        self._length = length
        self._closing = closing
        self._pieces = feed.pieces()
        self._next: _Piece | None = None
        self._advance()

    @classmethod
    def open(cls, clip: AudioClip, target: OutputContainer, form: AudioFormat) -> Self | None:
        """Add a stream for the clip's sound to a file, before its first packet is written.

        Returns:
            The track, or ``None`` where the clip's file has no sound that can be read.

        Raises:
            MediaError: the clip's file cannot be opened.
        """
        path = Path(clip.path)
        if kind_of(path) in ("folder", "picture"):
            return None
        with ExitStack() as closing:
            source = closing.enter_context(open_media(path))
            stream = next(iter(source.streams.audio), None)
            if stream is None or stream.codec_context is None:
                return None
            start = exact(clip.start or 0)
            length = None if clip.end is None else exact(clip.end) - start
            origin = _origin(source, path) + start
            copies = stream.codec_context.codec.canonical_name in form.copied
            kind = _CopyFeed if copies else _EncodeFeed
            feed = kind(source, stream, origin, target, form)
            return cls(feed, length, closing.pop_all())
        return None

    def write_until(self, seconds: Fraction) -> None:
        """Mux the sound that begins before a time of the result."""
        limit = seconds if self._length is None else min(seconds, self._length)
        while self._next is not None and self._next.time < limit:
            self._next.write()
            self._advance()

    def finish(self) -> None:
        """Write what the encoder holds back."""
        self._feed.finish()

    def close(self) -> None:
        """Close the source."""
        self._closing.close()

    def _advance(self) -> None:
        try:
            self._next = next(self._pieces, None)
        except (av.FFmpegError, OSError) as error:
            _log.warning("the sound is damaged and ends early: %s", error)
            self._next = None


def _origin(source: InputContainer, path: Path) -> Fraction:
    """Return the time of the first video frame, or of the first sound where there is none."""
    try:
        stream: av.VideoStream | AudioStream = video_stream(source, path)
    except MediaError:
        stream = source.streams.audio[0]
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))


@dataclass(frozen=True)
class _Piece:
    """A bit of sound: its time in the result, in seconds, and how to write it."""

    time: Fraction
    write: Callable[[], None]


class _CopyFeed:
    """Packets copied as they are, their clock moved to that of the result."""

    def __init__(
        self,
        source: InputContainer,
        stream: AudioStream,
        origin: Fraction,
        target: OutputContainer,
        form: AudioFormat,
    ) -> None:
        self._source, self._stream, self._origin = source, stream, origin
        self._target = target
        self._output = target.add_stream_from_template(stream)

    def pieces(self) -> Iterator[_Piece]:
        """Yield packets from the one before the beginning on, with their times.

        Codecs with overlapping windows need that one to start; containers mark it as not
        to be heard.
        """
        for packet in self._source.demux(self._stream):
            if packet.pts is None or packet.dts is None:
                continue
            base = packet.time_base
            time = packet.pts * base - self._origin
            if time + 2 * (packet.duration or 0) * base <= 0:
                continue
            shift = round(self._origin / base)
            packet.pts -= shift
            packet.dts -= shift
            yield _Piece(time, partial(self._write, packet))

    def _write(self, packet: Packet[AudioStream]) -> None:
        packet.stream = self._output
        self._target.mux_one(packet)

    def finish(self) -> None:
        """Do nothing: nothing is held back."""


class _EncodeFeed:
    """Sound decoded, resampled to what the encoder takes, and encoded."""

    def __init__(
        self,
        source: InputContainer,
        stream: AudioStream,
        origin: Fraction,
        target: OutputContainer,
        form: AudioFormat,
    ) -> None:
        self._source, self._stream, self._origin = source, stream, origin
        self._target = target
        rate = _sample_rate(form.encoder, stream.rate)
        output = target.add_stream(form.encoder, rate=rate)
        if not isinstance(output, AudioStream):
            raise TypeError(f"{form.encoder}: expected a sound codec")
        output.layout = "mono" if stream.channels == 1 else "stereo"
        output.codec_context.open(strict=False)
        self._output = output

    def pieces(self) -> Iterator[_Piece]:
        """Yield frames of the encoder's size from the beginning on, with their times."""
        output = self._output
        resampler = AudioResampler(
            output.format, output.layout, output.rate, output.codec_context.frame_size
        )
        base = Fraction(1, output.rate)
        for frame in self._decoded():
            for piece in resampler.resample(frame):
                yield _Piece((piece.pts or 0) * base, partial(self._write, piece))

    def _decoded(self) -> Iterator[AudioFrame | None]:
        for packet in self._source.demux(self._stream):
            for frame in self._decode(packet):
                if frame.pts is None or frame.time_base is None:
                    continue
                time = frame.pts * frame.time_base - self._origin
                if time + Fraction(frame.samples, frame.sample_rate) <= 0:
                    continue
                base = Fraction(1, frame.sample_rate)
                frame.pts, frame.time_base = round(time / base), base
                yield frame
        yield None

    def _decode(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        try:
            return self._stream.decode(packet)
        except av.InvalidDataError:
            return []  # one bad packet is a click, not the end

    def _write(self, frame: AudioFrame) -> None:
        self._target.mux(self._output.encode(frame))

    def finish(self) -> None:
        """Mux what the encoder holds back."""
        self._target.mux(self._output.encode(None))


def _sample_rate(encoder: str, rate: int) -> int:
    return rate if rate in _SAMPLE_RATES.get(encoder, ()) else _DEFAULT_SAMPLE_RATE
