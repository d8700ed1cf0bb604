"""Opening a media file: which formats, which stream, what its header promises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from fomm_core.errors import MediaError
from fomm_core.utils.paths import describe_other

# Containers of video only. Others that FFmpeg knows turn text into video (tty) or follow
# addresses found in the file (playlists), which no driving video needs.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg,flv,ogg,asf,mpegvideo,m4v,"
    "h264,hevc,ivf,mxf,nut,dv,yuv4mpegpipe"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

# Their headers state the duration; elsewhere it is an estimate from the file's end or size.
_PROMISING = frozenset({"mov", "matroska", "avi", "asf", "flv"})

# They keep presentation times in an index of key frames.
_INDEXED = frozenset({"mov", "matroska"})

_USUAL_RATES = tuple(
    Fraction(*pair)
    for pair in (
        (10, 1),
        (12, 1),
        (15, 1),
        (20, 1),
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (48, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
    )
)
_DEFAULT_RATE = Fraction(25)
_FASTEST_UNQUESTIONED = Fraction(60)

_MICROSECONDS = Fraction(1, 1_000_000)


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a media file for reading and close it at the end of the block.

    Raises:
        MediaError: there is no such file, it is empty, or its format is not known.
    """
    if not path.is_file():
        found = describe_other(path) or "nothing there; check the path"
        raise MediaError(f"{path}: expected a video, found {found}")
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path}: expected a video, found an empty file")
        # An absolute path can never be taken for an address with a protocol.
        container = av.open(str(path.absolute()), options=_OPTIONS)
    except (av.InvalidDataError, av.ArgumentError, av.EOFError) as error:
        raise MediaError(
            f"{path}: expected a video (mp4, mov, webm, avi, mkv, gif), found data of no such "
            "format or cut off before its index"
        ) from error
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"{path}: cannot be opened: {error.strerror}") from error
    with container:
        yield container


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the first video stream that is not a cover picture.

    Raises:
        MediaError: the file has no such stream.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise MediaError(f"{path}: expected a video, found a file without a video stream (sound only?)")


@dataclass(frozen=True)
class Timeline:
    """When the frames of a stream are shown, as its header has it.

    Attributes:
        origin: time of the first frame on the file's own clock, in seconds.
        duration: of the video stream, in seconds, or ``None`` where the header is silent.
        frame_rate: frames per second, exact; for a variable rate the constant one that
            the frames are resampled to.
        promised: the end that the header promises, in seconds since ``origin``, or ``None``
            where it makes no promise or states but an estimate.
        by_dts: whether frames have their places in the order of decoding only.
        seekable: whether seeking by time is exact.
    """

    origin: Fraction
    duration: Fraction | None
    frame_rate: Fraction
    promised: Fraction | None
    by_dts: bool = False
    seekable: bool = False


def timeline_of(container: InputContainer, stream: VideoStream) -> Timeline:
    """Read the timeline from a file's header, without decoding."""
    base = stream.time_base or _MICROSECONDS
    origin = (stream.start_time or 0) * base
    rate = constant_rate(stream.guessed_rate, stream.average_rate)
    duration = _stream_duration(stream, base, origin)
    if duration is None and container.duration:
        end = (container.duration + (container.start_time or 0)) * _MICROSECONDS
        duration = end - origin
    if duration is None and stream.frames:
        duration = stream.frames / rate
    if duration is not None and duration <= 0:
        duration = None
    names = set(container.format.name.split(","))
    promised = None if names.isdisjoint(_PROMISING) else duration
    return Timeline(origin, duration, rate, promised, "avi" in names, bool(names & _INDEXED))


def _stream_duration(stream: VideoStream, base: Fraction, origin: Fraction) -> Fraction | None:
    if stream.duration:
        return stream.duration * base
    # Matroska keeps a stream's end in a tag such as 00:01:02.345000000.
    match = re.fullmatch(r"(\d+):(\d+):(\d+)(\.\d+)?", stream.metadata.get("DURATION", ""))
    if match is None:
        return None
    hours, minutes, seconds = (int(match[i]) for i in (1, 2, 3))
    return hours * 3600 + minutes * 60 + seconds + Fraction(match[4] or 0) - origin


def constant_rate(guessed: Fraction | None, average: Fraction | None) -> Fraction:
    """Choose the constant frame rate that a stream's frames are shown at.

    Args:
        guessed: the lowest rate that can represent all time stamps, as FFmpeg estimates it.
        average: frames divided by duration.

    Returns:
        ``guessed`` for constant rates and for variable ones that only leave frames out;
        the usual rate nearest to ``average`` where time stamps are so uneven that
        ``guessed`` is far above it.
    """
    if not guessed or guessed <= 0:
        guessed = average
    if not guessed or guessed <= 0:
        return _DEFAULT_RATE
    if not average or average <= 0:
        return guessed
    if guessed == 2 * average:
        return average  # two fields to a frame (interlaced)
    if guessed > max(_FASTEST_UNQUESTIONED, average * Fraction(5, 4)):
        return min(_USUAL_RATES, key=lambda usual: abs(usual - average))
    return guessed
