"""Asking a training to stop: by signals, and by the clock."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from typing_extensions import Self

_NAMES = ("SIGTERM", "SIGINT", "SIGHUP")  # the last, a closed terminal, is unknown to Windows


class StopRequest:
    """Turns SIGTERM, SIGINT and SIGHUP into a wish to stop after the present step.

    A second SIGINT interrupts at once, as usual. Outside its block all is as before. A SIGHUP
    that is ignored (``nohup``) is left alone, and so is everything outside the main thread, where
    Python takes no handlers.

    Args:
        max_seconds: stop after this time, counted from now; ``None`` for no limit.
    """

    def __init__(self, max_seconds: float | None = None) -> None:
        self._deadline = None if max_seconds is None else time.monotonic() + max_seconds
        self._received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    @property
    def wanted(self) -> bool:
        """Whether to stop."""
        return self._received is not None or self._is_late

    @property
    def reason(self) -> str:
        """Why to stop, for the user."""
        if self._received is not None:
            return self._received.name
        return "--max-minutes" if self._is_late else "another rank"

    @property
    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _numbers():
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self._received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = signal.Signals(number)


def _numbers() -> list[signal.Signals]:
    """The signals that ask to stop, of this system."""
    numbers = [signal.Signals[name] for name in _NAMES if hasattr(signal, name)]
    return [n for n in numbers if n.name != "SIGHUP" or signal.getsignal(n) != signal.SIG_IGN]
