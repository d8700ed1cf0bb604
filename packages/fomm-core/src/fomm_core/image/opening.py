"""Opening picture files: which are decoded at all, and what is wrong with the others."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fomm_core.errors import MediaError
from fomm_core.utils.paths import describe_other

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 1 << 27
"""Pictures with more pixels (134 million: 11,585 squared) are refused before decoding."""

PICTURE_SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2", ".avif", ".ico"}
)
"""File endings, in lower case, that are taken for pictures."""

# Only decoders that run in this process on the data itself: no EPS or PDF interpreters.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "TGA", "JPEG2000", "AVIF", "ICO")

_DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error),
    *(RuntimeError, ZeroDivisionError),  # of AVIF's library, and where its clock stands still
)


@contextmanager
def open_picture(path: Path) -> Iterator[Image]:
    """Open a picture with Pillow; what is raised inside the block is told as a MediaError.

    Raises:
        MediaError: there is no such file, it is empty, of no known format or damaged, or it has
            more than :data:`MAX_PIXELS` pixels.
    """
    from PIL import Image, UnidentifiedImageError

    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 million pixels on; the limit here is our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check_pixels(path, image.size)
                yield image
    except UnidentifiedImageError as error:
        raise MediaError(
            f"{path}: expected a picture (PNG, JPEG, WebP, ...), found data of no known format"
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaError(f"{path}: expected at most {MAX_PIXELS:,} pixels, found more") from error
    except MemoryError as error:
        raise MediaError(f"{path}: expected a picture that fits in memory; shrink it") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise MediaError(f"{path}: expected a picture, found damaged data ({reason})") from error


def _check_file(path: Path) -> None:
    if not path.is_file():
        found = describe_other(path) or "nothing there; check the path"
        raise MediaError(f"{path}: expected a picture, found {found}")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: expected a picture, found an empty file")


def _check_pixels(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{path}: expected at most {MAX_PIXELS:,} pixels, found {width} x {height}; shrink it"
        )
