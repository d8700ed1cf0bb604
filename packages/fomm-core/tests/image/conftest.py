"""Pictures that Pillow does not write."""

from __future__ import annotations

import struct
import zlib

import pytest


def assemble_png(width, height, depth, colour, rows):
    """Assemble a PNG by hand, for the kinds that Pillow does not write."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="session")
def png():
    """The bytes of a PNG: width, height, bits, kind of colour, and its rows."""
    return assemble_png
