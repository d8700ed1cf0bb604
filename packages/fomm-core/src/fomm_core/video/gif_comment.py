"""The comment of a GIF, which FFmpeg does not write."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

_SCREEN_BYTES = 13
_LOOP = b"!\xff\x0bNETSCAPE2.0"
_LOOP_BYTES = 19
_BLOCK_BYTES = 255


def insert_gif_comment(path: Path, comment: str) -> None:
    """Put a comment in front of a GIF's pictures (GIF89a, section 24).

    The file is copied, in memory that does not grow with it.

    Args:
        path: a complete GIF.
        comment: in ASCII, not empty.

    Raises:
        OSError: the file cannot be written; it stays as it was.
    """
    copy = path.with_name(f"{path.name}.copy")
    try:
        with path.open("rb") as before, copy.open("xb") as after:
            after.write(_read_head(before))
            after.write(_comment_extension(comment.encode("ascii")))
            shutil.copyfileobj(before, after)
        copy.replace(path)
    finally:
        copy.unlink(missing_ok=True)


def _read_head(gif: BinaryIO) -> bytes:
    """Read the screen, its palette, and how often all is repeated: what comes first."""
    head = gif.read(_SCREEN_BYTES)
    flags = head[10]
    if flags & 0x80:
        head += gif.read(3 << (flags & 7) + 1)
    place = gif.tell()
    loop = gif.read(_LOOP_BYTES)
    if loop.startswith(_LOOP):
        return head + loop
    gif.seek(place)
    return head


def _comment_extension(text: bytes) -> bytes:
    parts = [text[start : start + _BLOCK_BYTES] for start in range(0, len(text), _BLOCK_BYTES)]
    return b"!\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
