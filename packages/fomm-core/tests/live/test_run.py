from __future__ import annotations

import threading
import time
from fractions import Fraction

import pytest

from fomm_core.errors import CameraError
from fomm_core.live.camera import Camera, CameraFrame
from fomm_core.live.options import LiveOptions
from fomm_core.live.run import run_live
from fomm_core.live.session import LiveSession
from white_spots import spots_at

pytestmark = pytest.mark.once


class Shown:
    """Remembers the time stamps that it was shown; its first frame takes long."""

    def __init__(self, stall: float = 0.0) -> None:
        self.seconds, self.stall = [], stall

    def write(self, frame):
        self.seconds.append(frame.seconds)
        time.sleep(self.stall)
        self.stall = 0.0


def camera(count, step=0.01, error=None):
    def frames():
        for index in range(count):
            yield CameraFrame(spots_at(140), index * step)
            time.sleep(step)
        if error is not None:
            raise error

    return Camera("made up", Fraction(100), frames())


@pytest.fixture
def session(source_of):
    return LiveSession(source_of(), LiveOptions(search_seconds=0.1))


def test_after_a_stall_the_newest_frame_comes_next(session):
    shown = Shown(stall=0.5)
    status = run_live(session, camera(100), [shown], lambda status: True)

    assert shown.seconds[0] == 0
    assert shown.seconds[1] > 0.2  # what came meanwhile was left out, but for the newest
    assert shown.seconds[-1] == pytest.approx(0.99)
    assert status.frames + status.dropped == 100
    assert status.frames == len(shown.seconds)


def test_it_ends_when_it_is_told_to(session):
    status = run_live(session, camera(10**6), [], lambda status: status.frames < 3)
    assert status.frames == 3
    assert not [t for t in threading.enumerate() if t.name == "camera" and t.is_alive()]


def test_what_the_camera_runs_into_is_raised(session):
    with pytest.raises(CameraError, match="gone"):
        run_live(session, camera(3, error=CameraError("gone")), [], lambda status: True)


def test_what_the_camera_runs_into_during_a_frame_is_raised_after_it(session):
    shown = Shown(stall=0.3)
    with pytest.raises(CameraError, match="gone"):
        run_live(session, camera(1, error=CameraError("gone")), [shown], lambda status: True)
    assert shown.seconds == [0]


def test_it_asks_whether_to_go_on_also_without_frames(session):
    asked = threading.Event()
    never = Camera("silent", Fraction(25), iter(lambda: asked.wait(9), True))
    assert run_live(session, never, [], lambda status: asked.set()).frames == 0
