"""Sound: taken from one file and muxed beside the frames of another."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from typing_extensions import Self

from fomm_core.video.audio_feeds import CopyFeed, EncodeFeed, Feed, Piece
from fomm_core.video.audio_form import keeps_form
from fomm_core.video.info import kind_of
from fomm_core.video.media import demux, has_broadcast_clock, open_media
from fomm_core.video.scan import read_timeline
from fomm_core.video.timing import exact
from fomm_core.video.tracks import audio_stream

_log = logging.getLogger(__name__)


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

    def __init__(self, feed: Feed, length: Fraction | None, closing: ExitStack) -> None:
        self._feed = feed
        self._length = length
        self._closing = closing
        self._pieces = feed.pieces()
        self._next: Piece | None = None
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
        if kind_of(path) in ("folder", "picture", "animation"):
            return None
        with ExitStack() as closing:
            source = closing.enter_context(open_media(path))
            stream = audio_stream(source, path)
            if stream is None:
                return None
            start = exact(clip.start or 0)
            length = None if clip.end is None else exact(clip.end) - start
            timeline = read_timeline(path)
            packets = timeline.mended(demux(source, stream), stream.index)
            origin = timeline.origin + start
            if _is_copied(source, path, stream, form):
                feed: Feed = CopyFeed(packets, stream, origin, target)
            else:
                feed = EncodeFeed(packets, stream, origin, target, form.encoder)
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


def _is_copied(source: InputContainer, path: Path, stream: AudioStream, form: AudioFormat) -> bool:
    """Whether packets may stay as they are: a copy cannot follow a form that changes."""
    if stream.codec_context.codec.canonical_name not in form.copied:
        return False
    return not has_broadcast_clock(source) and keeps_form(path, stream.index)
