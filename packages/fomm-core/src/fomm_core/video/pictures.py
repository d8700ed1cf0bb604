"""Folders of pictures (and single pictures) as sources of frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from fomm_core.errors import BrokenMediaError, MediaError
from fomm_core.image import PICTURE_SUFFIXES, ByteArray, fit, read_image

PICTURE_RATE = Fraction(25)
"""Frames per second of folders and pictures, which have no rate of their own."""


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts ``frame2`` before ``frame10`` and ignores case."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts if part)


def list_pictures(folder: Path) -> list[Path]:
    """List the pictures of a folder in natural order of their names.

    Hidden files, sub-folders and files that do not have the ending of a picture are left out.

    Raises:
        MediaError: the folder cannot be read or holds no picture.
    """
    try:
        files = [entry for entry in folder.iterdir() if is_picture(entry)]
    except OSError as error:
        raise MediaError(f"{folder}: cannot be read: {error.strerror}") from error
    if not files:
        raise MediaError(f"{folder}: expected a folder of pictures, found none in it")
    return sorted(files, key=lambda file: (natural_key(file.name), file.name))


def is_picture(entry: Path) -> bool:
    """Whether a file is taken for a picture, by its ending; hidden ones are not."""
    hidden = entry.name.startswith(".")
    return not hidden and entry.suffix.lower() in PICTURE_SUFFIXES and entry.is_file()


def read_pictures(pictures: list[Path], size: tuple[int, int], first: int) -> Iterator[ByteArray]:
    """Read pictures one at a time.

    Args:
        pictures: all of the source's files, in order.
        size: (height, width) of the source's first picture; those of another size are
            scaled and cut to it.
        first: index of the first picture wanted.

    Yields:
        (H, W, 3) uint8, RGB.

    Raises:
        BrokenMediaError: a picture after the first cannot be read.
        MediaError: the first cannot.
    """
    for number, picture in enumerate(pictures[first:]):
        try:
            frame = read_image(picture)
        except MediaError as error:
            if number == 0:
                raise
            raise BrokenMediaError(f"{error}; {number} frames were read", number) from error
        yield fit(frame, size)
