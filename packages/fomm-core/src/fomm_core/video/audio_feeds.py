"""Sound on its way into an output file: packets copied, or decoded and encoded anew."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Protocol, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

Samples = npt.NDArray[np.float32]
Packets: TypeAlias = "Iterable[Packet[AudioStream]]"

_log = logging.getLogger(__name__)

# Others are resampled. At low rates a frame of AAC, which is not divided, would reach far
# beyond the last picture.
_SAMPLE_RATES = {"aac": (44100, 48000), "libopus": (48000,)}
_DEFAULT_SAMPLE_RATE = 48000

_PIECE = 1024  # samples

# Stamps are rounded; nobody hears that the sound is off by so many seconds.
_UNHEARD = Fraction(1, 50)
_ROUNDING = Fraction(1, 500)  # of stamps, in seconds


@dataclass(frozen=True)
class Piece:
    """A bit of sound: its time in the result, in seconds, and how to write it."""

    time: Fraction
    write: Callable[[], None]


class Feed(Protocol):
    """Sound in pieces for one stream of an output file."""

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces in order, from the beginning of the result on."""

    def finish(self) -> None:
        """Write what is held back."""


class CopyFeed:
    """Packets copied as they are, their clock moved to that of the result.

    Args:
        packets: of the stream, on the file's mended clock.
        stream: of the source.
        origin: where the result begins on that clock, in seconds.
        target: the file to add a stream to.
    """

    def __init__(
        self, packets: Packets, stream: AudioStream, origin: Fraction, target: OutputContainer
    ) -> None:
        self._packets, self._origin, self._target = packets, origin, target
        self._output = target.add_stream_from_template(stream)

    def pieces(self) -> Iterator[Piece]:
        """Yield packets from the one before the beginning on, with their times.

        Codecs with overlapping windows need that one to start; containers mark it as not
        to be heard. Where recordings overlap, packets of the later one are left out.
        """
        last: int | None = None
        for packet in self._packets:
            if packet.pts is None or packet.dts is None:
                continue
            base, duration = packet.time_base, packet.duration or 0
            time = packet.pts * base - self._origin
            if time + 2 * duration * base <= 0 or (last is not None and packet.dts <= last):
                continue
            last = packet.dts + duration // 2
            shift = round(self._origin / base)
            packet.pts -= shift
            packet.dts -= shift
            yield Piece(time, partial(self._write, packet))

    def _write(self, packet: Packet[AudioStream]) -> None:
        packet.stream = self._output
        self._target.mux_one(packet)

    def finish(self) -> None:
        """Do nothing: nothing is held back."""


class EncodeFeed:
    """Sound decoded, resampled to what the encoder takes, and encoded.

    The source's rate and channels may change on the way. Gaps become silence, and where
    recordings overlap the later one is cut.

    Args:
        packets: of the stream, on the file's mended clock.
        stream: of the source.
        origin: where the result begins on that clock, in seconds.
        target: the file to add a stream to.
        encoder: name of the encoder.
    """

    def __init__(
        self,
        packets: Packets,
        stream: AudioStream,
        origin: Fraction,
        target: OutputContainer,
        encoder: str,
    ) -> None:
        self._packets, self._stream, self._origin = packets, stream, origin
        self._target = target
        output = target.add_stream(encoder, rate=_sample_rate(encoder, stream.rate))
        if not isinstance(output, AudioStream):
            raise TypeError(f"{encoder}: expected a sound codec")
        output.layout = "mono" if stream.channels == 1 else "stereo"
        output.codec_context.open(strict=False)
        self._output = output
        self._rate = stream.rate or _DEFAULT_SAMPLE_RATE
        self._damaged = 0

    def pieces(self) -> Iterator[Piece]:
        """Yield short pieces from the beginning on without gaps, with their times."""
        rate = self._output.rate
        position: int | None = None
        for frame in self._resampled():
            if frame.pts is None or frame.time_base is None:
                continue
            start = round(frame.pts * frame.time_base * rate)
            samples = frame.to_ndarray().astype(np.float32, copy=False)
            if position is None:  # the beginning is cut to the sample
                samples, start = samples[:, max(0, -start) :], max(0, start)
                position = start
            for piece in _aligned(samples, start - position, rate):
                yield Piece(Fraction(position, rate), partial(self._write, piece, position))
                position += piece.shape[1]

    def _resampled(self) -> Iterator[AudioFrame]:
        """Yield planar frames of the output's rate and channels."""
        resampler: AudioResampler | None = None
        form: tuple[str, str, int] | None = None
        for frame in self._decoded():
            found = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or found != form:
                if resampler is not None:
                    yield from resampler.resample(None)
                resampler = AudioResampler("fltp", self._output.layout, self._output.rate)
                form = found
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)

    def _decoded(self) -> Iterator[AudioFrame]:
        """Yield frames with times of the result, from the one heard at its beginning on.

        Between the stamps that a file has, demuxers count by the sample rate of its beginning;
        where that changed, the samples themselves count.
        """
        due = counted = Fraction(0)
        heard = False
        for frame in self._intact():
            time = stamp = due
            if frame.pts is not None and frame.time_base is not None:
                time = stamp = frame.pts * frame.time_base - self._origin
            if frame.sample_rate != self._rate and abs(stamp - counted) < _ROUNDING:
                time = due
            counted = stamp + Fraction(frame.samples, self._rate)
            due = time + Fraction(frame.samples, frame.sample_rate)
            heard = True
            if due > 0:
                base = Fraction(1, frame.sample_rate)
                frame.pts, frame.time_base = round(time / base), base
                yield frame
        if self._damaged:
            what = "some of the sound" if heard else "all of the sound"
            _log.warning("%s is damaged and left out (%d packets)", what, self._damaged)

    def _intact(self) -> Iterator[AudioFrame]:
        for packet in self._packets:
            try:
                yield from self._stream.decode(packet)
            except av.InvalidDataError:  # one bad packet is a click, not the end
                self._damaged += 1

    def _write(self, samples: Samples, position: int) -> None:
        frame = AudioFrame.from_ndarray(samples, "fltp", self._output.layout.name)
        frame.sample_rate = self._output.rate
        frame.pts, frame.time_base = position, Fraction(1, self._output.rate)
        self._target.mux(self._output.encode(frame))

    def finish(self) -> None:
        """Mux what the encoder holds back."""
        self._target.mux(self._output.encode(None))


def _aligned(samples: Samples, lag: int, rate: int) -> Iterator[Samples]:
    """Yield a frame in pieces, after as much silence as it comes late or cut as it is early.

    Args:
        samples: (C, N) float32.
        lag: by how many samples the frame is late, negative where it is early.
        rate: samples per second.
    """
    if lag > _UNHEARD * rate:
        for begin in range(0, lag, _PIECE):
            yield np.zeros((len(samples), min(_PIECE, lag - begin)), np.float32)
    elif lag < -_UNHEARD * rate:
        samples = samples[:, -lag:]
    for begin in range(0, samples.shape[1], _PIECE):
        yield np.ascontiguousarray(samples[:, begin : begin + _PIECE])


def _sample_rate(encoder: str, rate: int) -> int:
    return rate if rate in _SAMPLE_RATES.get(encoder, ()) else _DEFAULT_SAMPLE_RATE
