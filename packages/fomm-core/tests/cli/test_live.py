"""``fomm live`` as users run it: from a file into a file, and by the keys of a terminal."""

from __future__ import annotations

import json
import os
import pty
import sys
import termios
import threading
import time
import urllib.request
import webbrowser
from types import SimpleNamespace

import av
import numpy as np
import pytest

from fomm_core.cli.keys import pressed_keys
from fomm_core.cli.live_controls import LiveControls
from fomm_core.errors import CameraError
from fomm_core.live import camera
from fomm_core.live.camera import CameraFrame
from fomm_core.live.frame import LiveFrame
from fomm_core.live.options import LiveOptions
from fomm_core.live.run import LiveStatus
from fomm_core.video import VideoReader

pytestmark = pytest.mark.once


def test_a_drawn_portrait_follows_a_file(fomm, portrait, driver, files):
    """The whole command with the smallest model."""
    words = ("--source", portrait, "--camera", driver, "--countdown", "0.3", "--seconds", "1.6")
    ran = fomm("live", "--model", "avatar", *words, "--output", "out/x.mp4")

    assert ran.out == "out/x.mp4\n", ran.err
    assert "live" in ran.err.splitlines()
    assert files() == {"out/x.mp4"}
    reader = VideoReader("out/x.mp4")
    frames = np.stack(list(reader)).astype(int)
    assert reader.frame_rate == 25
    assert 38 <= len(frames) <= 50
    assert np.abs(frames[-1] - frames[0]).mean() > 0.5
    with av.open("out/x.mp4") as container:
        assert json.loads(container.metadata["comment"])["model"] == "avatar"


@pytest.mark.parametrize("frames", [0, 12])
def test_what_was_recorded_stays_where_the_camera_ends_with_an_error(
    fomm, portrait, driver, files, monkeypatch, frames
):
    def numbered(reader):
        for index, picture in zip(range(frames), reader, strict=False):
            yield CameraFrame(picture, index / 25)
        raise CameraError("camera 0: no more frames come; is it still connected")

    monkeypatch.setattr(camera, "_numbered", numbered)
    words = ("--model", "avatar", "--source", portrait, "--camera", driver)
    refusal = fomm("-q", "live", *words, "--output", "x.mp4").refusal
    assert "is it still connected" in refusal
    assert files() == ({"x.mp4"} if frames else set())
    assert not frames or len(list(VideoReader("x.mp4"))) > 1


def test_a_camera_that_stalls_is_not_waited_for(fomm, portrait, driver, monkeypatch):
    """The frames before the stall are recorded; nothing but ``--seconds`` ends it."""
    goes_on = threading.Event()

    def stalling(reader):
        for index, picture in zip(range(12), reader, strict=False):
            yield CameraFrame(picture, index / 25)
        goes_on.wait(30)

    monkeypatch.setattr(camera, "_numbered", stalling)
    monkeypatch.setattr("fomm_core.live.run._JOIN_SECONDS", 0.1)
    words = ("--model", "avatar", "--source", portrait, "--camera", driver, "--seconds", "1")
    assert fomm("-q", "live", *words, "--output", "x.mp4").result.exists()
    assert not goes_on.is_set()
    goes_on.set()


def test_somewhere_to_show_it_is_asked_for(fomm):
    assert "expected --preview, --virtual-camera or --output" in fomm("live").refusal


def test_the_browser_is_opened_on_the_picture(fomm, portrait, driver, monkeypatch):
    seen = []

    def watch(entrance):
        with urllib.request.urlopen(entrance, timeout=60) as page:
            address = page.url
        with urllib.request.urlopen(address + "live.mjpeg", timeout=60) as stream:
            seen.append(stream.readline())

    def browse(address):
        watcher.append(threading.Thread(target=watch, args=(address,)))
        watcher[0].start()
        return True

    watcher: list[threading.Thread] = []
    monkeypatch.setattr("webbrowser.get", lambda: SimpleNamespace(name="window", open=browse))
    words = ("--source", portrait, "--camera", driver, "--countdown", "0.3", "--seconds", "1")
    ran = fomm("live", "--model", "avatar", *words, "--preview")

    watcher[0].join(10)
    assert seen == [b"--frame\r\n"]
    assert "preview at http://127.0.0.1:" in ran.err
    assert "open this address" not in ran.err


def test_without_a_browser_the_address_is_told(fomm, portrait, driver, monkeypatch):
    def none():
        raise webbrowser.Error

    monkeypatch.setattr("webbrowser.get", none)
    words = ("--source", portrait, "--camera", driver, "--seconds", "0.2")
    told = fomm("live", "--model", "avatar", *words, "--preview").err
    assert "preview at http://127.0.0.1:" in told
    assert "found no browser with a window; open this address in one" in told


def test_a_camera_that_is_not_there_is_one_line(fomm, files):
    refusal = fomm("-q", "live", "--camera", "77", "--output", "x.mp4").refusal
    assert refusal.startswith("camera 77: expected a camera or a video file, found ")
    assert files() == set()


def test_the_camera_file_is_not_written_over(fomm, driver, here):
    (here / "c.mp4").write_bytes(driver.read_bytes())
    refusal = fomm("-q", "live", "--camera", "c.mp4", "--output", "c.mp4").refusal
    assert "expected another name than that of an input" in refusal


@pytest.fixture
def terminal(monkeypatch):
    """Both ends of a terminal that is this process's stdin."""
    ours, theirs = pty.openpty()
    monkeypatch.setattr(sys, "stdin", os.fdopen(theirs))
    yield ours, sys.stdin.fileno()
    os.close(ours)


def test_keys_come_one_by_one_and_the_terminal_is_as_it_was(terminal):
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)

    def press():
        with pressed_keys() as keys:
            assert keys() == ""
            os.write(ours, b"xf1")
            pressed, until = "", time.monotonic() + 5
            while len(pressed) < 3 and time.monotonic() < until:
                pressed += keys()
            assert pressed == "xf1"
            raise KeyError("a defect")

    with pytest.raises(KeyError):
        press()
    assert termios.tcgetattr(theirs) == before


def test_without_a_terminal_no_key_is_pressed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pressed_keys() as keys:
        assert keys() == ""


class Session(SimpleNamespace):
    """Remembers what was asked of it."""

    def __init__(self):
        super().__init__(options=LiveOptions(), asked=[])

    def __getattr__(self, name):
        return lambda *what: self.asked.append((name, *what))

    def change(self, options):
        self.options = options


def obey(keys, **options):
    session = Session()
    controls = LiveControls(session, ["first", "second"], lambda: keys, quiet=True, **options)
    return controls(LiveStatus()), session


def test_each_key_does_what_it_says():
    goes_on, session = obey("xF2")
    assert goes_on
    assert session.asked == [("take_reference",), ("find_reference",), ("switch", "second")]
    assert obey("r")[1].options.mirror
    assert obey("++")[1].options.gain == pytest.approx(1.21)
    assert obey("-" * 99)[1].options.gain == pytest.approx(0.2)
    assert obey("9 \n\x1b[A")[1].asked == []
    assert obey("q")[0] is False


def test_it_ends_after_the_seconds_of_the_cameras_time():
    controls = LiveControls(Session(), [], lambda: "", seconds=2.0, quiet=True)
    picture = np.zeros((4, 4, 3), np.uint8)
    assert controls(LiveStatus(LiveFrame(picture, 1.9, "live")))
    assert not controls(LiveStatus(LiveFrame(picture, 2.0, "live")))


def test_while_no_frame_comes_it_ends_by_the_clock():
    now = [100.0]
    controls = LiveControls(
        Session(), [], lambda: "", seconds=2.0, quiet=True, clock=lambda: now[0]
    )
    now[0] = 101.9
    assert controls(LiveStatus())
    first = LiveStatus(LiveFrame(np.zeros((4, 4, 3), np.uint8), 0.0, "live"))
    now[0] = 103.0
    assert controls(first)  # from which on the time counts
    now[0] = 104.9
    assert controls(first)
    now[0] = 105.0
    assert not controls(first)


def test_a_camera_that_never_shows_anything_ends_by_the_clock():
    now = [100.0]
    controls = LiveControls(
        Session(), [], lambda: "", seconds=2.0, quiet=True, clock=lambda: now[0]
    )
    assert controls(LiveStatus())
    now[0] = 102.0
    assert not controls(LiveStatus())
