from __future__ import annotations

import errno
import threading
import time
from fractions import Fraction
from types import SimpleNamespace

import pytest

from fomm_core.errors import CameraError
from fomm_core.live import camera, devices
from fomm_core.live.camera import open_camera
from fomm_core.live.devices import VideoDevice, list_cameras, list_loopbacks
from fomm_core.model.samples import DRAWN_DRIVING
from fomm_core.video import VideoReader

pytestmark = pytest.mark.once


def test_a_file_stands_in_at_its_own_rate():
    began = time.monotonic()
    with open_camera(str(DRAWN_DRIVING)) as stand_in:
        frames = [frame for frame, _ in zip(stand_in.frames, range(11), strict=False)]
    took = time.monotonic() - began

    assert stand_in.frame_rate == Fraction(25)
    assert [frame.seconds for frame in frames] == [index / 25 for index in range(11)]
    assert (frames[3].picture == list(VideoReader(DRAWN_DRIVING))[3]).all()
    assert took > 0.3


def test_a_test_pattern_stands_in():
    with open_camera("test") as stand_in:
        frames = [frame for frame, _ in zip(stand_in.frames, range(3), strict=False)]
    assert stand_in.frame_rate == 25
    assert frames[0].picture.shape == (480, 640, 3)
    assert [round(frame.seconds, 3) for frame in frames] == [0, 0.04, 0.08]
    assert (frames[0].picture != frames[2].picture).any()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EBUSY, "found it in use; close the other program"),
        (errno.EACCES, "expected permission to open it, found none"),
        (errno.ENOENT, r"expected a camera or a video file, found /dev/video4 \(A camera\)"),
    ],
)
def test_a_camera_that_cannot_be_opened_is_told(monkeypatch, number, expected):
    def refuse(*args, **options):
        raise OSError(number, "a reason")

    monkeypatch.setattr(camera.av, "open", refuse)
    monkeypatch.setattr(devices, "list_cameras", lambda: (VideoDevice("/dev/video4", "A camera"),))
    with pytest.raises(CameraError, match=rf"^camera 0: .*{expected}"), open_camera("0"):
        pass


class Device:
    """A camera that gives no frame until it is released, and notes how it was closed."""

    streams = SimpleNamespace(video=[SimpleNamespace(average_rate=Fraction(30), guessed_rate=None)])

    def __init__(self):
        self.waits, self.released, self.closed = threading.Event(), threading.Event(), False

    def decode(self, video):
        self.waits.set()
        self.released.wait(10)
        return iter(())

    def close(self):
        self.closed = True


def test_a_camera_is_closed_at_the_end_but_not_while_a_thread_waits_for_its_frame(monkeypatch):
    device = Device()
    monkeypatch.setattr(camera, "_opened", lambda name: device)
    with open_camera("0"):
        pass
    assert device.closed

    device.closed = False
    with open_camera("0") as opened:
        thread = threading.Thread(target=lambda: list(opened.frames))
        thread.start()
        assert device.waits.wait(10)
    assert not device.closed
    device.released.set()
    thread.join(10)


def test_without_any_camera_a_file_is_offered(monkeypatch):
    monkeypatch.setattr(devices, "list_cameras", tuple)
    with pytest.raises(CameraError, match="name a video file"), open_camera("no-such-camera"):
        pass


def test_devices_are_told_apart_by_where_they_lie(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "DEVICE_FORMAT", "v4l2")
    monkeypatch.setattr(devices, "_VIDEO_CLASS", tmp_path / "class")
    for node, place, index, name in [
        ("video0", "pci/usb1", 0, "Camera"),
        ("video1", "pci/usb1", 1, "Camera"),
        ("video9", "virtual/video4linux", 0, "fomm"),
    ]:
        folder = tmp_path / place / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")
        (tmp_path / "class").mkdir(exist_ok=True)
        (tmp_path / "class" / node).symlink_to(folder)

    assert list_cameras() == (VideoDevice("/dev/video0", "Camera"),)
    assert list_loopbacks() == (VideoDevice("/dev/video9", "fomm"),)


@pytest.mark.parametrize(
    ("system", "camera", "name"),
    [
        ("v4l2", "2", "/dev/video2"),
        ("v4l2", "/dev/video5", "/dev/video5"),
        ("avfoundation", "0", "0:none"),
        ("dshow", "Front", "video=Front"),
    ],
)
def test_cameras_have_ffmpegs_names(monkeypatch, system, camera, name):
    monkeypatch.setattr(devices, "DEVICE_FORMAT", system)
    monkeypatch.setattr(devices, "list_cameras", tuple)
    assert devices.device_name(camera) == name
