"""Reader of last resort: another FFmpeg decodes what PyAV's build cannot, where there is one.

It is that of imageio-ffmpeg, which the extra ``ffmpeg`` brings, or else the system's.

Its frames and its sound come, uncompressed, through a pipe, so that the rest of the reading is
as for any file. The codecs of the two builds differ: AVS2, for example, is only in the former.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import av
from av.container import InputContainer

from fomm_core.image import MAX_PIXELS

_NAME = "imageio-ffmpeg"


class _Pipe:
    """Output of the program, as PyAV reads files."""

    name = _NAME

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end."""
        return self._stream.read(size)


@contextmanager
def open_piped(path: Path, options: dict[str, str]) -> Iterator[InputContainer | None]:
    """Decode a file by the program, upright; ``None`` where it cannot either.

    Args:
        path: of the file.
        options: of its demuxer.
    """
    program = _find_program()
    if program is None:
        yield None
        return
    try:
        process = subprocess.Popen(
            _command(program, path, options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:  # as where IMAGEIO_FFMPEG_EXE names another kind of file
        yield None
        return
    try:
        yield None if process.stdout is None else _opened(process.stdout)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def is_piped(container: InputContainer) -> bool:
    """Whether a container is one of :func:`open_piped`."""
    return container.name == _NAME


def more_codecs() -> str:
    """Say how to read more files, where there is no other FFmpeg; else nothing."""
    return "" if _find_program() else "; install FFmpeg, or fomm-core[ffmpeg], to read more"


def _find_program() -> str | None:
    """The path of imageio-ffmpeg's program, or of the system's where that package is missing.

    Not every wheel of imageio-ffmpeg brings one.
    """
    try:
        import imageio_ffmpeg
    except ImportError:
        return shutil.which("ffmpeg")
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None


def _opened(stream: IO[bytes]) -> InputContainer | None:
    try:
        return av.open(_Pipe(stream), "r", format="nut")
    except (av.FFmpegError, OSError):
        return None


def _command(program: str, path: Path, options: dict[str, str]) -> list[str]:
    demuxer = [part for name, value in options.items() for part in (f"-{name}", value)]
    limits = ["-max_pixels:v", str(MAX_PIXELS)]
    streams = ["-map", "0:V:0", "-map", "0:a?", "-fps_mode", "passthrough"]
    codecs = ["-c:v", "rawvideo", "-pix_fmt", "rgb24", "-c:a", "pcm_s16le"]
    # An absolute path can never be taken for an address with a protocol.
    source = ["-i", str(path.absolute())]
    return [program, "-nostdin", *demuxer, *limits, *source, *streams, *codecs, "-f", "nut", "-"]
