"""Choice of the tracks that are meant: pictures that move and sound that decodes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from fomm_core.errors import MediaError
from fomm_core.video.fallback import more_codecs
from fomm_core.video.media import demux, open_media

_log = logging.getLogger(__name__)

# Tracks beside the main one: comments, descriptions for the blind, stills.
_BESIDE = (
    Disposition.comment
    | Disposition.dub
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.descriptions
    | Disposition.lyrics
    | Disposition.karaoke
    | Disposition.clean_effects
    | Disposition.still_image
    | Disposition.timed_thumbnails
    | Disposition.dependent
)

# A track that has given no two frames after so many packets of the file is no main track.
_PACKETS_TRIED = 1000


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream of moving pictures: no cover, no still, no comment.

    The default one is preferred, then the first; a stream that does not decode comes last.

    Raises:
        MediaError: the file has no such stream.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        if not streams:
            found = "without a video stream (sound only?)"
        else:
            found = f"of an unknown codec{more_codecs()}"
        raise MediaError(f"{path}: expected a video, found a file {found}")
    return known[_best(path, known)]


def audio_stream(container: InputContainer, path: Path) -> AudioStream | None:
    """Return the main stream of sound, or ``None`` where there is none that can be decoded.

    A comment or a description for the blind is taken only where there is nothing else. That
    none can be decoded is told in the log.
    """
    streams = container.streams.audio
    known = [stream for stream in streams if stream.codec_context is not None]
    if streams and not known:
        _log.warning("%s: its sound is of an unknown codec; the result is silent", path)
    return known[_best(path, known)] if known else None


def _best(path: Path, streams: Sequence[VideoStream | AudioStream]) -> int:
    """Return the place of the stream that is meant."""
    if len(streams) == 1:
        return 0
    counts = _decoded_counts(path, [stream.index for stream in streams])

    def rank(place: int) -> tuple[bool, bool, bool, bool]:
        stream = streams[place]
        return (
            counts[stream.index] == 0,
            counts[stream.index] == 1,
            bool(stream.disposition & _BESIDE),
            not stream.disposition & Disposition.default,
        )

    return min(range(len(streams)), key=rank)


def _decoded_counts(path: Path, indices: list[int]) -> dict[int, int]:
    """Decode up to two frames of each stream."""
    counts = dict.fromkeys(indices, 0)
    with open_media(path) as container, suppress(av.FFmpegError, OSError):
        wanted = [container.streams[index] for index in indices]
        for tried, packet in enumerate(demux(container, *wanted)):
            if tried >= _PACKETS_TRIED or min(counts.values()) >= 2:
                break
            index = packet.stream.index  # which the last packets state alone
            if counts[index] < 2:
                with suppress(av.FFmpegError):
                    counts[index] += len(packet.decode())
    return {index: min(count, 2) for index, count in counts.items()}
