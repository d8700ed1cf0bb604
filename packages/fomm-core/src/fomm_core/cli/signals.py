"""Ending a long command politely."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # the latter, a closed terminal, is unknown to Windows
_AGAIN_SECONDS = 0.05


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """While the block runs, let SIGTERM and SIGHUP end it as Ctrl-C does.

    Signals that are ignored or handled already (``nohup``) are left alone, and so is
    everything outside the main thread, where Python takes no handlers. An interruption that
    falls into a finaliser, where Python drops it, comes again a moment later.
    """
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    on_main = threading.current_thread() is threading.main_thread()
    ours = [n for n in numbers if on_main and signal.getsignal(n) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        with _dropped_interruptions_come_again():
            yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _dropped_interruptions_come_again() -> Iterator[None]:
    before = sys.unraisablehook

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is KeyboardInterrupt:
            threading.Timer(_AGAIN_SECONDS, _interrupt_main_thread).start()
        else:
            before(dropped)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):  # a signal of its own ends what it waits for
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
