"""Ending a long command politely."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # the last, a closed terminal, is unknown to Windows
_USUAL = (signal.SIG_DFL, signal.default_int_handler)
_AGAIN_SECONDS = 0.05


class Interruption:
    """Notes that somebody asked for the end. No lock is in it, into which a signal might fall."""

    def __init__(self) -> None:
        self._number: int | None = None

    def note(self, number: int) -> None:
        """Note that a signal came."""
        self._number = number

    def is_set(self) -> bool:
        """Whether one came."""
        return self._number is not None

    def repeat(self) -> None:
        """Send the newest one again, Ctrl-C where there was none."""
        number = self._number or signal.SIGINT
        if hasattr(signal, "pthread_kill"):
            # To the main thread: it may wait in a call that nothing else interrupts.
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        else:
            signal.raise_signal(number)


@contextmanager
def ended_like_interrupted() -> Iterator[Interruption]:
    """While the block runs, let SIGTERM and SIGHUP end it as Ctrl-C does.

    Signals that are ignored or handled already (``nohup``) are left alone, and so is
    everything outside the main thread, where Python takes no handlers.

    Gives an object that tells whether any of them came. Where an interruption falls into a
    finaliser or the callback of a weak reference Python drops it; it comes again then.
    """
    asked = Interruption()

    def interrupt(number: int, frame: FrameType | None) -> None:
        asked.note(number)
        raise KeyboardInterrupt

    with _handled_by(interrupt), _repeated_where_dropped(asked):
        yield asked


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle the signals that nobody else handles, where that can be done."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    on_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in numbers if on_main}
    ours = [number for number, usual in before.items() if usual in _USUAL]
    for number in ours:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


@contextmanager
def _repeated_where_dropped(asked: Interruption) -> Iterator[None]:
    """Send an interruption again that Python dropped, instead of printing where that was."""
    before = sys.unraisablehook

    def repeat(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        # Not at once: it would fall into this function.
        later = threading.Timer(_AGAIN_SECONDS, send_again)
        later.daemon = True
        later.start()

    def send_again() -> None:
        if sys.unraisablehook is repeat:
            asked.repeat()

    sys.unraisablehook = repeat
    try:
        yield
    finally:
        sys.unraisablehook = before
