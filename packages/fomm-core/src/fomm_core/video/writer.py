"""Writing frames as a video file, with the sound of another."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer

from fomm_core.errors import OutputError
from fomm_core.image import ByteArray
from fomm_core.video.audio import AudioClip, AudioFormat, AudioTrack
from fomm_core.video.encode import Codec, Encoding, GifEncoding, YuvEncoding
from fomm_core.video.gif_comment import insert_gif_comment
from fomm_core.video.sink import CodecError, StagedSink

DEFAULT_CRF = 18
"""Constant rate factor of H.264: 0 is lossless, 18 looks lossless, 51 is the worst."""

# FFmpeg's own errors have numbers beyond those of the system.
_LAST_ERRNO = 4095


@dataclass(frozen=True)
class _Format:
    """Container and codecs of files of one ending; no ``audio`` where it takes no sound."""

    container: str
    codec: Codec
    options: dict[str, str] = field(default_factory=dict)
    audio: AudioFormat | None = None


_H264 = Codec("libx264", {"preset": "veryfast"})
_VP9 = Codec("libvpx-vp9", {"deadline": "good", "cpu-used": "5"}, crf_offset=12)
_FASTSTART = {"movflags": "+faststart"}
_MP4_AUDIO = AudioFormat(frozenset({"aac", "mp3", "opus"}), "aac")
_MOV_AUDIO = AudioFormat(frozenset({"aac", "mp3"}), "aac")
_MKV_AUDIO = AudioFormat(frozenset({"aac", "mp3", "opus", "vorbis", "flac", "ac3"}), "aac")
_WEBM_AUDIO = AudioFormat(frozenset({"opus", "vorbis"}), "libopus")

_FORMATS = {
    ".mp4": _Format("mp4", _H264, _FASTSTART, _MP4_AUDIO),
    ".m4v": _Format("mp4", _H264, _FASTSTART, _MP4_AUDIO),
    ".mov": _Format("mov", _H264, _FASTSTART, _MOV_AUDIO),
    ".mkv": _Format("matroska", _H264, audio=_MKV_AUDIO),
    ".webm": _Format("webm", _VP9, audio=_WEBM_AUDIO),
    ".gif": _Format("gif", Codec("gif")),
}


class VideoWriter(StagedSink):
    """Writes frames as a video file; a :class:`~fomm_core.video.FrameSink`.

    The ending chooses the format: .mp4, .m4v, .mov and .mkv are H.264 in yuv420p (in mp4 and
    mov with the index first, so that browsers play them at once), .webm is VP9, .gif has a
    palette per frame and no sound. Colours are converted by BT.601's matrix to limited range
    and tagged so. H.264 and VP9 need even sizes: an odd one gains a column on the right or
    a row at the bottom, repeating the last.

    Args:
        path: the file to make. Missing parent folders are made.
        frame_rate: frames per second, exact.
        audio: sound to go with the frames, ``None`` for none. It is copied where the format
            allows and otherwise encoded; it ends with the last frame.
        crf: constant rate factor of H.264, lower is better and larger; VP9's is 12 higher.
        comment: for the file's metadata, in ASCII; empty for none.

    Raises:
        OutputError: the ending is unknown, the path is a folder or cannot be written.
        ValueError: the frame rate is not positive.
    """

    def __init__(
        self,
        path: str | Path,
        frame_rate: Fraction,
        *,
        audio: AudioClip | None = None,
        crf: int = DEFAULT_CRF,
        comment: str = "",
    ) -> None:
        path = Path(path)
        if frame_rate <= 0:
            raise ValueError(f"frame_rate: expected more than 0, found {frame_rate}")
        self._format = _format_of(path)
        self._rate = Fraction(frame_rate)
        self._clip = audio
        self._crf = crf
        self._comment = comment
        self._file: _OpenFile | None = None
        super().__init__(path)

    def _reserve(self) -> None:
        self.aside.open("xb").close()

    def _put(self, frame: ByteArray, number: int) -> None:
        with _codec_errors_as_os_errors():
            if self._file is None:
                self._file = _OpenFile(self.aside, self._format, self._comment)
                height, width = frame.shape[:2]
                self._file.add_video((height, width), self._rate, self._crf)
                self._file.add_sound(self._clip)
            self._file.write(frame, number, (number + 1) / self._rate)

    def _finish(self) -> None:
        with _codec_errors_as_os_errors():
            if self._file is not None:
                self._file.finish()
        if self._comment and self._format.container == "gif":
            insert_gif_comment(self.aside, self._comment)

    def _release(self) -> None:
        with _codec_errors_as_os_errors():
            if self._file is not None:
                self._file.close()


@contextmanager
def _codec_errors_as_os_errors() -> Iterator[None]:
    """Let FFmpeg's errors take the way of a full disk's, told apart from it."""
    try:
        yield
    except av.FFmpegError as error:
        number = error.errno or errno.EINVAL
        of_codec = number in (errno.EINVAL, errno.ERANGE) or number > _LAST_ERRNO
        kind = CodecError if of_codec else OSError
        raise kind(error.errno, error.strerror) from error


def _format_of(path: Path) -> _Format:
    if path.is_dir():
        raise OutputError(f"{path}: expected the name of a file to write, found a folder")
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        expected = ", ".join(_FORMATS)
        raise OutputError(f"{path}: expected an ending among {expected}, found {suffix!r}")
    return _FORMATS[suffix]


class _OpenFile:
    """An output file with its streams, open for writing."""

    def __init__(self, path: Path, form: _Format, comment: str) -> None:
        self._form = form
        # An absolute path can never be taken for an address with a protocol.
        self._container: OutputContainer = av.open(
            str(path.absolute()), "w", format=form.container, options=form.options
        )
        if comment:
            self._container.metadata["comment"] = comment
        self._encoding: Encoding | None = None
        self._track: AudioTrack | None = None

    def add_video(self, size: tuple[int, int], rate: Fraction, crf: int) -> None:
        """Add the stream of the frames."""
        codec = self._form.codec
        if codec.name == "gif":
            self._encoding = GifEncoding(self._container, codec, size, rate)
        else:
            self._encoding = YuvEncoding(self._container, codec, size, rate, crf)

    def add_sound(self, clip: AudioClip | None) -> None:
        """Add the stream of the sound, where there is one and the format takes it."""
        if clip is not None and self._form.audio is not None:
            self._track = AudioTrack.open(clip, self._container, self._form.audio)

    def write(self, frame: ByteArray, number: int, end: Fraction) -> None:
        """Write frame ``number`` and the sound up to its end, in seconds."""
        if self._encoding is None:
            return
        picture = self._encoding.prepare(frame, number)
        if picture is not None:
            self._container.mux(self._encoding.stream.encode(picture))
        if self._track is not None:
            self._track.write_until(end)

    def finish(self) -> None:
        """Write what the encoders hold back, and the index."""
        if self._encoding is not None:
            self._container.mux(self._encoding.stream.encode(None))
        if self._track is not None:
            self._track.finish()
        self.close()

    def close(self) -> None:
        """Close the files, complete or not."""
        if self._track is not None:
            self._track.close()
        self._container.close()
