"""Ending a long command politely."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # the latter, a closed terminal, is unknown to Windows


@contextmanager
def ended_like_interrupted() -> Iterator[threading.Event]:
    """While the block runs, let SIGTERM and SIGHUP end it as Ctrl-C does.

    Signals that are ignored or handled already (``nohup``) are left alone, and so is
    everything outside the main thread, where Python takes no handlers.

    Gives an event that is set when such a signal came. Where an interruption falls into a
    finaliser Python drops it; who waits for long should look at the event now and then.
    """
    asked = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        asked.set()
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    on_main = threading.current_thread() is threading.main_thread()
    ours = [n for n in numbers if on_main and signal.getsignal(n) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield asked
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
