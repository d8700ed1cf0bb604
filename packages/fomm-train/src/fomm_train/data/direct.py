"""Any frames of a video by their places in the file, without opening the container.

Opening an mp4 costs as much as decoding several frames, and a demuxer seeks by decoding times,
which misses frames that are shown before the key frame stored ahead of them. A table of all
packets, made once, needs neither: the file is read from the right key frame on.

PyAV's own seeking reads a pair of frames in 1.8 to 2.7 times the time: 238 pairs a second
instead of 430 from videos of ``fomm prepare``, 23 instead of 61 from an mp4 with one key frame
(measured by ``benchmarks/reading_pairs.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from fomm_core.errors import MediaError
from fomm_core.image import ByteArray, fit
from fomm_core.video.layout import Layout

PacketArray: TypeAlias = npt.NDArray[np.void]
IntArray: TypeAlias = npt.NDArray[np.int64]

PACKET = np.dtype([("pos", "<i8"), ("size", "<i4"), ("pts", "<i8"), ("key", "?"), ("shown", "?")])
"""One packet: place and size in the file in bytes, time stamp, flags."""

_READ_BYTES = 1 << 16

# A frame that earlier key frames do not mend either is damaged.
_KEY_FRAMES_TRIED = 3


@dataclass(frozen=True)
class StreamFormat:
    """Form of a stream as a decoder must know it, and how its pictures become RGB.

    Attributes:
        codec: FFmpeg's name of the codec.
        extradata: the codec's own header.
        width, height: of the stored pictures, in pixels.
        colour_space, colour_range, primaries, transfer: FFmpeg's numbers, as the container
            has them.
        layout: turns decoded pictures into upright RGB frames.
    """

    codec: str
    extradata: bytes
    width: int
    height: int
    colour_space: int
    colour_range: int
    primaries: int
    transfer: int
    layout: Layout

    def open(self) -> VideoCodecContext:
        """Open a decoder that uses one thread."""
        decoder = av.CodecContext.create(self.codec, "r")
        if not isinstance(decoder, VideoCodecContext):
            raise TypeError(f"{self.codec}: expected a codec of pictures")
        decoder.extradata = self.extradata or None
        decoder.width, decoder.height = self.width, self.height
        decoder.thread_count, decoder.thread_type = 1, "NONE"
        decoder.open(strict=False)
        return decoder

    def to_rgb(self, frame: VideoFrame, reformatter: VideoReformatter) -> ByteArray:
        """Convert a decoded picture to (H, W, 3) uint8 sRGB of the layout's size.

        One of another size, as of a phone that was turned, is scaled and cut; its proportions
        stay.
        """
        frame.colorspace, frame.color_range = self.colour_space, self.colour_range
        frame.color_primaries, frame.color_trc = self.primaries, self.transfer
        if (frame.width, frame.height) == (self.width, self.height):
            return self.layout.to_rgb(frame, reformatter)
        other = replace(
            self.layout,
            width=max(1, round(frame.width * self.layout.width / self.width)),
            height=frame.height,
        )
        return fit(other.to_rgb(frame, reformatter), self.layout.size)


@dataclass(frozen=True)
class _Run:
    """Packets to decode one after another, in one go.

    Attributes:
        first, last: rows of the table.
        wanted: numbers of frames by their time stamps.
    """

    first: int
    last: int
    wanted: dict[int, int]


@dataclass(frozen=True, eq=False)
class PacketTable:
    """All packets of a video stream.

    Attributes:
        stream: what the decoder must know.
        packets: (P,) of :data:`PACKET`, in order of decoding; the first is a key frame and
            no two have the same time stamp.
    """

    stream: StreamFormat
    packets: PacketArray

    @cached_property
    def rows(self) -> IntArray:
        """(F,) int64: for each frame in order of presentation, its packet."""
        shown = np.flatnonzero(self.packets["shown"])
        order: IntArray = shown[np.argsort(self.packets["pts"][shown])]
        return order

    @cached_property
    def key_rows(self) -> IntArray:
        """Packets of key frames, ascending."""
        keys: IntArray = np.flatnonzero(self.packets["key"])
        return keys

    @property
    def frame_count(self) -> int:
        """Number of frames F."""
        return len(self.rows)

    def key_before(self, row: int) -> int:
        """Find the key frame from which a packet can be decoded.

        It is stored before the packet and shown not after it: frames shown before a key frame
        that is stored ahead of them may need the frames before that one.
        """
        stamps = self.packets["pts"]
        place = int(np.searchsorted(self.key_rows, row, side="right")) - 1
        while place > 0 and stamps[self.key_rows[place]] > stamps[row]:
            place -= 1
        return int(self.key_rows[place])

    def runs(self, numbers: Sequence[int]) -> Iterator[_Run]:
        """Group frames (ascending) that the same key frame begins."""
        run: _Run | None = None
        for number in numbers:
            row = int(self.rows[number])
            stamp, key = int(self.packets["pts"][row]), self.key_before(row)
            if run is not None and run.first == key:
                run = _Run(key, max(run.last, row), {**run.wanted, stamp: number})
                continue
            if run is not None:
                yield run
            run = _Run(key, row, {stamp: number})
        if run is not None:
            yield run

    def decode(self, path: Path, numbers: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Decode some frames.

        Args:
            path: the file that the table is of.
            numbers: of frames (0 .. F - 1), ascending, none twice.

        Yields:
            Each number with its picture; within the frames of one key frame in any order.

        Raises:
            MediaError: the file cannot be read or one of these frames is damaged.
        """
        decoder = self.stream.open()
        try:
            with path.open("rb", buffering=_READ_BYTES) as file:
                for run in self.runs(numbers):
                    yield from self._run(decoder, file, run)
        except OSError as error:
            raise MediaError(f"{path}: cannot be read: {error.strerror}") from error

    def _run(
        self, decoder: VideoCodecContext, file: IO[bytes], run: _Run
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Decode one run, from earlier key frames where the nearest does not do."""
        wanted = dict(run.wanted)
        place = int(np.searchsorted(self.key_rows, run.first))
        starts = self.key_rows[max(0, place + 1 - _KEY_FRAMES_TRIED) : place + 1]
        for start in reversed(starts.tolist()):
            for frame in self._frames(decoder, file, _Run(start, run.last, wanted)):
                if frame.pts in wanted and not frame.is_corrupt:
                    yield wanted.pop(frame.pts), frame
            if not wanted:
                return
        raise MediaError(f"{file.name}: frame {min(wanted.values())} is damaged")

    def _frames(
        self, decoder: VideoCodecContext, file: IO[bytes], run: _Run
    ) -> Iterator[VideoFrame]:
        """Yield what comes out of the decoder until all is there or the data is damaged."""
        decoder.flush_buffers()
        try:
            for position, size, stamp, _, _ in self.packets[run.first : run.last + 1].tolist():
                if not run.wanted:
                    return
                file.seek(position)
                packet = av.Packet(file.read(size))
                packet.pts = stamp
                # Pictures that no other refers to are left out unless they are wanted.
                decoder.skip_frame = "DEFAULT" if stamp in run.wanted else "NONREF"
                yield from decoder.decode(packet)
            yield from decoder.decode(None)
        except av.FFmpegError:
            return
