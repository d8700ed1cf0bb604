"""The live loop: a camera's newest frame through a session to all that show it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from fomm_core.live.camera import Camera, CameraFrame
from fomm_core.live.frame import LiveFrame
from fomm_core.live.newest import Newest
from fomm_core.live.session import LiveSession
from fomm_core.utils.pace import Pace

_ROUND_SECONDS = 0.1
_JOIN_SECONDS = 2.0


class LiveSink(Protocol):
    """Takes live frames: a virtual camera, a recorder."""

    def write(self, frame: LiveFrame) -> None:
        """Take the next frame."""


@dataclass(frozen=True, eq=False)
class LiveStatus:
    """State of a running live session.

    Attributes:
        frame: the newest one; ``None`` before the first.
        frames: number of frames animated.
        dropped: number of the camera's frames that were left out for newer ones.
        rate: frames per second in the last seconds; 0 at the first.
        latency_s: from the newest frame's arrival to its being shown, in seconds.
    """

    frame: LiveFrame | None = None
    frames: int = 0
    dropped: int = 0
    rate: float = 0.0
    latency_s: float = 0.0


@dataclass(frozen=True, eq=False)
class _Arrived:
    frame: CameraFrame
    at: float


def run_live(
    session: LiveSession,
    camera: Camera,
    sinks: Sequence[LiveSink],
    goes_on: Callable[[LiveStatus], bool],
) -> LiveStatus:
    """Animate the camera's newest frame again and again. Latency does not grow.

    Args:
        session: used by nobody else meanwhile, but for ``goes_on``.
        camera: read in a thread of its own.
        sinks: take the frames.
        goes_on: called after each frame, and ten times a second without one; tells whether to
            go on, and may change the session.

    Returns:
        The state at the end.

    Raises:
        FommError: of the camera, the model or a sink.
    """
    status, pace = LiveStatus(), Pace()
    with _captured(camera) as newest:
        while not newest.ended:
            arrived = newest.take(_ROUND_SECONDS)
            if arrived is not None:
                frame = session.follow(arrived.frame.picture, arrived.frame.seconds)
                for sink in sinks:
                    sink.write(frame)
                now = time.monotonic()
                rate, latency = pace.tick(now), now - arrived.at
                status = LiveStatus(frame, status.frames + 1, newest.dropped, rate, latency)
            if not goes_on(status):
                break
    return status


@contextmanager
def _captured(camera: Camera) -> Iterator[Newest[_Arrived]]:
    """Read a camera in a thread while the block runs."""
    newest: Newest[_Arrived] = Newest()
    stopped = threading.Event()

    def capture() -> None:
        try:
            for frame in camera.frames:
                if stopped.is_set():
                    return
                newest.put(_Arrived(frame, time.monotonic()))
        except BaseException as error:  # noqa: BLE001 - raised where the frames are taken
            newest.close(error)
        else:
            newest.close()

    thread = threading.Thread(target=capture, name="camera", daemon=True)
    thread.start()
    try:
        yield newest
    finally:
        stopped.set()
        thread.join(_JOIN_SECONDS)
