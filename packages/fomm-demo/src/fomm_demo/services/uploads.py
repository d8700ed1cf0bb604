"""Uploads: known by their content, measured before they are decoded."""

from __future__ import annotations

import re
import shutil
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fomm_core.errors import FommError, MediaError
from fomm_core.motion.template import MotionTemplate
from fomm_core.video import VideoInfo, probe
from fomm_demo.settings import Limits

PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
"""Pictures that are taken; none of these formats can hold a program or an address."""

_NAMES = {"source": "the picture", "driving": "the driving video"}
_HEAD_BYTES = 512
_MEGA = 1_000_000


@dataclass(frozen=True)
class Clip:
    """A driving video that was checked, and the part of it that is animated.

    Attributes:
        path: in the job's folder.
        info: what it is.
        start: seconds, or ``None`` for the beginning.
        end: seconds, or ``None`` for the end.
        notice: what the visitor should know, such as that it was cut; empty for nothing.
    """

    path: Path
    info: VideoInfo
    start: float | None
    end: float | None
    notice: str = ""


@contextmanager
def hide_paths_in_errors(folder: Path) -> Iterator[None]:
    """Let errors name what was handed in, and not where a job's folder lies on the server.

    Args:
        folder: of the job, into which files were taken.

    Raises:
        FommError: the one that the block raises, with such a message.
    """
    try:
        yield
    except FommError as error:
        error.args = (_without_folder(str(error), folder),)
        raise


def take_picture(upload: Path, folder: Path, limits: Limits) -> Path:
    """Copy a picture into a job's folder.

    Raises:
        MediaError: it is no picture of a known format, or too large.
    """
    path = _copied(upload, folder / "source", "picture", limits)
    width, height = _picture_size(path)
    _check_pixels("picture", width, height, limits)
    return path


def take_video(
    upload: Path, folder: Path, limits: Limits, start: float | None, end: float | None
) -> Clip:
    """Copy a driving video into a job's folder and choose the part to animate.

    Raises:
        MediaError: it is no video of a known format, too large, or has no such part.
    """
    with upload.open("rb") as file:
        suffix = video_suffix(file.read(_HEAD_BYTES))
    if suffix is None:
        raise MediaError(
            "the driving file is not a video that can be read; "
            "expected mp4, mov, webm, mkv, avi, mpeg, ogg or gif"
        )
    path = _copied(upload, folder / f"driving{suffix}", "video", limits)
    info = probe(path)
    _check_pixels("video", info.width, info.height, limits)
    return _part(path, info, limits, start, end)


def take_motion(upload: Path, folder: Path, limits: Limits) -> MotionTemplate:
    """Read a saved motion.

    Raises:
        MotionError: it is no saved motion, or too long.
    """
    path = _copied(upload, folder / "motion.npz", "saved motion", limits)
    return MotionTemplate.load(path, limits.frames)


def video_suffix(head: bytes) -> str | None:
    """Tell a video's format by its first bytes, as a file ending; ``None`` if it is none."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return ".mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return ".avi"
    if head[:1] == b"G" and head[188:189] == b"G":
        return ".ts"
    signatures = {
        b"\x1a\x45\xdf\xa3": ".webm",
        b"GIF87a": ".gif",
        b"GIF89a": ".gif",
        b"OggS": ".ogv",
        b"\x00\x00\x01\xba": ".mpg",
        b"\x00\x00\x01\xb3": ".mpg",
        b"FLV\x01": ".flv",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": ".wmv",
    }
    return next((end for start, end in signatures.items() if head.startswith(start)), None)


def _copied(upload: Path, target: Path, kind: str, limits: Limits) -> Path:
    """Copy an upload, so that what follows sees this file whatever happens to the other."""
    try:
        size = upload.stat().st_size
        if size > limits.upload_bytes:
            raise MediaError(
                f"the {kind} has {size / _MEGA:.0f} MB; at most {limits.upload_mb} MB are taken"
            )
        shutil.copyfile(upload, target)
    except OSError as error:
        raise MediaError(f"the {kind} is no longer there; choose it again") from error
    return target


def _picture_size(path: Path) -> tuple[int, int]:
    """Read (width, height) from a picture's header, without decoding it."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=PICTURE_FORMATS) as picture:
                return picture.size
    except Image.DecompressionBombError as error:
        raise MediaError("the picture is too large; make it smaller") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise MediaError(
            "this file is not a picture that can be read; expected PNG, JPEG or WebP"
        ) from error


def _check_pixels(kind: str, width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise MediaError(
            f"the {kind} has {width} x {height} pixels; "
            f"at most {limits.pixels / _MEGA:.1f} million are taken: make it smaller"
        )


def _part(
    path: Path, info: VideoInfo, limits: Limits, start: float | None, end: float | None
) -> Clip:
    """Cut what is too long: visitors rather get the first minute than an error."""
    begin = start or 0.0
    if end is not None and info.duration_s is not None and end >= info.duration_s:
        end = None  # there is no more of it
    longest = min(limits.seconds, limits.frames / float(info.frame_rate))
    finish = end if end is not None else info.duration_s
    if finish is not None and finish - begin <= longest:
        return Clip(path, info, start, end)
    cut = begin + longest
    notice = f"The video is longer than {longest:g} s; it is animated from {begin:g} to {cut:g} s."
    return Clip(path, info, start, cut, notice)


def _without_folder(message: str, folder: Path) -> str:
    """The message with the names of files in place of their paths."""
    path = re.escape(str(folder)) + r"[/\\]([\w.-]*)"
    return re.sub(path, lambda found: _NAMES.get(Path(found[1]).stem, found[1]), message)
