"""Single keys from the terminal, without waiting for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

KeyReader = Callable[[], str]
"""Gives the keys that were pressed since the last call; empty where none was."""


@contextmanager
def pressed_keys() -> Iterator[KeyReader]:
    """Let keys be read one by one while the block runs; then the terminal is as it was.

    Where stdin is no terminal no key is ever pressed.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        yield lambda: ""
    elif sys.platform == "win32":
        yield _windows_keys
    else:
        yield from _terminal_keys()


def _terminal_keys() -> Iterator[KeyReader]:
    import select
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def read() -> str:
        ready, _, _ = select.select([number], [], [], 0)
        return os.read(number, 64).decode("ascii", "ignore") if ready else ""

    try:
        tty.setcbreak(number)  # Ctrl-C stays what it is
        yield read
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _windows_keys() -> str:
    import msvcrt

    keys = ""
    while msvcrt.kbhit():  # type: ignore[attr-defined, unused-ignore]
        keys += msvcrt.getwch()  # type: ignore[attr-defined, unused-ignore]
    return keys
