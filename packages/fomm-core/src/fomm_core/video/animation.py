"""Animated pictures (WebP, PNG, AVIF) as sources of frames."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from pathlib import Path

from fomm_core.errors import BrokenMediaError, MediaError
from fomm_core.image import ByteArray, count_moments, moment_lengths, read_moments
from fomm_core.video.rates import constant_rate
from fomm_core.video.timing import Span, Timed, resample

_GIF = b"GIF8"


def is_picture(path: Path) -> bool:
    """Whether the content is of a picture format that may be animated, whatever the ending."""
    head = _head(path)
    is_avif = head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis")
    return head.startswith(b"\x89PNG") or is_avif or (head[:4], head[8:12]) == (b"RIFF", b"WEBP")


def is_gif(path: Path) -> bool:
    """Whether the content is that of a GIF, whatever the ending."""
    return _head(path).startswith(_GIF)


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(12)
    except OSError:
        return b""


def is_animated(path: Path) -> bool:
    """Whether a picture file holds more than one moment."""
    try:
        return count_moments(path) > 1
    except MediaError:
        return False  # reading it tells what is wrong


def animation_times(path: Path) -> tuple[Fraction, Fraction]:
    """Return the frame rate and the duration in seconds, both exact.

    Raises:
        MediaError: the first frame cannot be read.
    """
    lengths: list[int] = []
    try:
        lengths.extend(round(seconds * 1000) for seconds in moment_lengths(path))
    except MediaError:
        if not lengths:
            raise
    average = Fraction(1000 * len(lengths), sum(lengths))
    return constant_rate(Fraction(1000, gcd(*lengths)), average), Fraction(sum(lengths), 1000)


def read_animation(path: Path, rate: Fraction, span: Span) -> Iterator[ByteArray]:
    """Read an animated picture at a constant rate.

    Args:
        path: of the file.
        rate: frames per second to reach.
        span: the frame numbers wanted.

    Yields:
        (H, W, 3) uint8, RGB.

    Raises:
        BrokenMediaError: a frame after the first cannot be read.
        MediaError: the first cannot.
    """
    count = 0
    try:
        for frame in resample(_timed(path), rate, span):
            yield frame
            count += 1
    except MediaError as error:
        if count == 0:
            raise
        raise BrokenMediaError(f"{error}; {count} frames were read", count) from error


def _timed(path: Path) -> Iterator[Timed[ByteArray]]:
    start = Fraction(0)
    for duration, frame in read_moments(path):
        yield Timed(start, duration, frame)
        start += duration
