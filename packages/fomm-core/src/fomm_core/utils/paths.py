"""Paths as users give them: what lies there, where links lead, and how to show them."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # two letters: C:/ is a drive of Windows
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNDECODED = re.compile("[\ud800-\udfff]")
_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF  # as Python keeps bytes that are no UTF-8 in names

_SPECIAL = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe, which is read once only; save what comes out of it as a file first"),
    (stat.S_ISSOCK, "a socket; save what comes out of it as a file first"),
    (stat.S_ISCHR, "a device; record it to a file first"),
    (stat.S_ISBLK, "a device; copy a file from it first"),
)


def describe_other(path: Path) -> str:
    """Name what is at a path that is to be a file, with what to do about it.

    Returns:
        For example ``"a folder"`` or ``"an address; download it first"``; empty for a plain file
        and where nothing is there.
    """
    if _ADDRESS.match(str(path)):
        return "an address; download it first"
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return "standard input, which is not read; name a file" if str(path) == "-" else ""
    return next((name for is_such, name in _SPECIAL if is_such(mode)), "")


def follow_links(path: Path) -> Path:
    """Return where a result is to be written: the target of a link, which may be on another disk.

    Args:
        path: of a file or folder; nothing need be there.

    Returns:
        The path itself where it is no link.

    Raises:
        OSError: links lead in a circle, or to something that is neither file nor folder.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if target.exists() and not (target.is_file() or target.is_dir()):
        found = describe_other(target).partition("; ")[0].partition(", ")[0]
        raise OSError(errno.EINVAL, f"expected the name of a file to write, found {found}")
    return target


def printable(text: str) -> str:
    r"""Return text that any file and terminal takes, from names as systems allow them.

    Bytes that are no UTF-8 and control characters are shown as in Python: ``caf\xe9``. All
    else stays as it is.
    """
    return _UNPRINTABLE.sub(_escape, text)


def as_utf8(text: str) -> str:
    """Return text that can be written as UTF-8: as :func:`printable`, but for its lines."""
    return _UNDECODED.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        return f"\\x{code & 0xFF:02x}"
    return match[0].encode("unicode_escape").decode("ascii")
