"""Keys and status line of a live session in the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import click

from fomm_core.cli.keys import KeyReader
from fomm_core.live.options import LARGEST_GAIN, SMALLEST_GAIN
from fomm_core.live.run import LiveStatus
from fomm_core.live.session import LiveSession
from fomm_core.live.source import LiveSource

_GAIN_STEP = 1.1
_CLEAR = "\r\x1b[K"


class LiveControls:
    """Obeys the keys and shows the state, after each frame.

    Args:
        session: that is controlled.
        sources: that keys 1 to 9 choose from.
        keys: gives those that were pressed.
        seconds: after which it ends, by the time stamps of the camera and, while no frame comes,
            by the clock from the first frame on; ``None`` for never.
        quiet: show nothing.
        clock: seconds from any beginning.

    Attributes:
        status: the newest one.
    """

    def __init__(
        self,
        session: LiveSession,
        sources: Sequence[LiveSource],
        keys: KeyReader,
        seconds: float | None = None,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = LiveStatus()
        self._session, self._sources = session, sources
        self._keys, self._seconds, self._quiet = keys, seconds, quiet
        self._on_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._phase = ""
        self._clock, self._began = clock, clock()

    def __call__(self, status: LiveStatus) -> bool:
        """Take the newest state; tell whether to go on."""
        passed = self._seconds_passed(status)
        self.status = status
        self._show()
        if self._seconds is not None and passed >= self._seconds:
            return False
        return all(self._obey(key) for key in self._keys().upper())

    def _seconds_passed(self, status: LiveStatus) -> float:
        """Time since the first frame, or since the beginning where none came yet."""
        if status.frame is None or status.frame is self.status.frame:
            return self._clock() - self._began
        if self.status.frame is None:
            self._began = self._clock()
        return status.frame.seconds

    def _obey(self, key: str) -> bool:
        """Do what a key asks for; false where it asks for the end."""
        session = self._session
        if key == "Q":
            return False
        if key == "X":
            session.take_reference()
        elif key == "F":
            session.find_reference()
        elif key == "R":
            session.change(replace(session.options, mirror=not session.options.mirror))
        elif key in "+=-":
            self._change_gain(1 / _GAIN_STEP if key == "-" else _GAIN_STEP)
        elif key.isdecimal() and 1 <= int(key) <= len(self._sources):
            session.switch(self._sources[int(key) - 1])
        return True

    def _change_gain(self, factor: float) -> None:
        gain = self._session.options.gain * factor
        gain = min(max(gain, SMALLEST_GAIN), LARGEST_GAIN)
        self._session.change(replace(self._session.options, gain=gain))

    def _show(self) -> None:
        """One line that changes on a terminal; elsewhere a line for each new phase."""
        frame = self.status.frame
        if self._quiet or frame is None:
            return
        if self._on_terminal:
            click.echo(f"{_CLEAR}{self._line()}", err=True, nl=False)
        elif frame.phase != self._phase:
            click.echo(frame.phase, err=True)
        self._phase = frame.phase

    def _line(self) -> str:
        frame, status = self.status.frame, self.status
        if frame is None:
            return ""
        parts = [frame.phase, f"{status.rate:.1f} frames/s", f"{status.latency_s * 1000:.0f} ms"]
        if frame.countdown_s is not None:
            parts.append(f"pose in {frame.countdown_s:.1f} s")
        parts.append(f"gain {self._session.options.gain:.1f}")
        return " | ".join([*parts, *frame.hints])[:79]

    def close(self) -> None:
        """End the status line."""
        if self._on_terminal and not self._quiet and self._phase:
            click.echo("", err=True)
