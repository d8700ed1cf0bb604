"""Strips: all frames of a video side by side in one PNG, as pose-evaluation scripts read them.

Pictures are stored row by row, and the first row needs all frames. To keep memory independent
of the length, frames wait in a file until the last has come.
"""

from __future__ import annotations

import logging
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from typing_extensions import Self

from fomm_core.errors import MediaError, OutputError
from fomm_core.image import MAX_PIXELS, ByteArray, read_image
from fomm_core.utils.files import atomic_path, make_folders, remove_empty

logger = logging.getLogger(__name__)

STRIPS_FOLDER = "png"
"""Where strips are, beside the videos."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WIDEST = 2**31 - 1
_LEVEL = 2
_UP = 2
"""PNG's filter that stores each row as its difference to the one above."""

_BAND_BYTES = 8 << 20
"""Rows are read back in bands of about this size."""


class StripWriter:
    """Collects the frames of a video and writes them side by side.

    Used as a context manager: the strip appears when the block ends, and not at all where it
    raises. One of more than :data:`~fomm_core.image.MAX_PIXELS` is written with a warning, for
    programs that read parts of a picture: :func:`read_strip` refuses it.

    Args:
        path: the PNG to make; missing parent folders are made, and go again without it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shape: tuple[int, ...] = ()
        self._count = 0
        try:
            self._made = make_folders(path.parent)
            self._spool: IO[bytes] = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from error

    def write(self, frame: ByteArray) -> None:
        """Take the next frame, (H, W, 3) uint8, of the same size as the first.

        Raises:
            OutputError: it cannot be kept.
        """
        self._shape = self._shape or frame.shape
        if frame.shape != self._shape:
            raise ValueError(f"frame: expected {self._shape}, found {frame.shape}")
        try:
            self._spool.write(frame.tobytes())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._spool.close()
            remove_empty(self._made)

    def _finish(self) -> None:
        if not self._count:
            raise OutputError(f"{self._path}: expected frames to write, found none")
        height, width = self._shape[0], self._count * self._shape[1]
        if width > _WIDEST:
            raise OutputError(
                f"{self._path}: expected a strip up to {_WIDEST:,} pixels wide, found {width:,}"
            )
        with atomic_path(self._path) as partial, partial.open("xb") as file:
            size = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
            file.write(_SIGNATURE + _chunk(b"IHDR", size))
            packer = zlib.compressobj(_LEVEL)
            for row in self._filtered_rows():
                if data := packer.compress(row):
                    file.write(_chunk(b"IDAT", data))
            file.write(_chunk(b"IDAT", packer.flush()) + _chunk(b"IEND", b""))
        if width * height > MAX_PIXELS:
            logger.warning(
                "%s: %d x %d pixels are more than the %s that fomm evaluate reads of a strip; "
                "compare the frames of --only-generated --output-png instead",
                *(self._path, width, height, f"{MAX_PIXELS:,}"),
            )

    def _filtered_rows(self) -> Iterator[bytes]:
        """The rows of the strip as PNG stores them: a filter's number, then the bytes."""
        height, width, _ = self._shape
        row_bytes = self._count * width * 3
        rows = min(height, max(1, _BAND_BYTES // row_bytes))
        above = np.zeros(row_bytes, np.uint8)
        for top in range(0, height, rows):
            for row in self._band(top, min(rows, height - top)):
                yield bytes([_UP]) + (row - above).tobytes()
                above = row

    def _band(self, top: int, rows: int) -> ByteArray:
        """Rows ``top`` and on of all frames side by side, (rows, bytes of a row)."""
        height, width, _ = self._shape
        band = np.empty((rows, self._count, width * 3), np.uint8)
        for number in range(self._count):
            self._spool.seek((number * height + top) * width * 3)
            data = self._spool.read(rows * width * 3)
            band[:, number] = np.frombuffer(data, np.uint8).reshape(rows, width * 3)
        return band.reshape(rows, -1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def read_strip(path: Path, width: int) -> Iterator[ByteArray]:
    """The frames of a strip, (H, width, 3) uint8 each.

    A strip is one picture and is decoded whole; longer ones than
    :data:`~fomm_core.image.MAX_PIXELS` are refused.

    Args:
        path: the PNG.
        width: of one frame in pixels.

    Raises:
        MediaError: it cannot be read, or its width is no multiple of ``width``.
    """
    strip = read_image(path)
    count, rest = divmod(strip.shape[1], width)
    if rest or not count:
        raise MediaError(
            f"{path}: expected frames {width} pixels wide side by side, found a picture "
            f"{strip.shape[1]} pixels wide"
        )
    for number in range(count):
        yield np.ascontiguousarray(strip[:, number * width : (number + 1) * width])
