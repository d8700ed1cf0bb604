from __future__ import annotations

from contextlib import closing
from fractions import Fraction

import numpy as np
import pytest

from fomm_core.errors import CameraError
from fomm_core.live import devices, virtual_camera
from fomm_core.live.devices import VideoDevice, list_loopbacks
from fomm_core.live.frame import LiveFrame
from fomm_core.live.virtual_camera import VirtualCamera

pytestmark = pytest.mark.once

RED = LiveFrame(np.tile(np.uint8([200, 0, 0]), (64, 64, 1)), 0.0, "live")


def test_pictures_of_one_size_are_written_in_yuv(tmp_path):
    """As v4l2loopback would take them, by a muxer that needs no device."""
    path = tmp_path / "frames.yuv"
    with closing(VirtualCamera(str(path), Fraction(30), (36, 64), "rawvideo")) as camera:
        for _ in range(3):
            camera.write(RED)
    planes = np.frombuffer(path.read_bytes(), np.uint8).reshape(3, -1)

    assert planes.shape[1] == 36 * 64 * 3 // 2
    brightness = planes[0, : 36 * 64].reshape(36, 64)
    assert brightness[:, :10].max() <= 16  # black beside the square
    assert brightness[18, 32] > 50


def test_without_a_loopback_device_it_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.setattr(virtual_camera, "list_loopbacks", tuple)
    with (
        pytest.raises(CameraError, match=r"expected a loopback device, found none; make one: sudo"),
        closing(VirtualCamera(str(tmp_path / "video9"), Fraction(30))) as camera,
    ):
        camera.write(RED)


def test_it_names_the_loopback_devices_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(
        virtual_camera, "list_loopbacks", lambda: (VideoDevice("/dev/video7", "fomm"),)
    )
    with (
        pytest.raises(CameraError, match="expected a loopback device, found /dev/video7"),
        closing(VirtualCamera(str(tmp_path / "video9"), Fraction(30))) as camera,
    ):
        camera.write(RED)


def test_a_real_loopback_device_takes_frames():
    loopbacks = list_loopbacks()
    if not loopbacks:
        pytest.skip(f"no v4l2loopback on this machine: {devices.HOW_TO_LOOP_BACK}")
    with closing(VirtualCamera(loopbacks[-1].name, Fraction(30))) as camera:
        for _ in range(5):
            camera.write(RED)
