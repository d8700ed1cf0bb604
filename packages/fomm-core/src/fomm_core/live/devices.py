"""Cameras and loopback devices of this machine, by the names that FFmpeg opens them by."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import av
import av.device

DEVICE_FORMAT = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}.get(
    sys.platform, "v4l2"
)
"""FFmpeg's device for cameras on this system."""

HOW_TO_LOOP_BACK = (
    "sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback video_nr=9 "
    "card_label=fomm exclusive_caps=1"
)
"""Command that makes /dev/video9 a loopback device on Debian and Ubuntu."""

_VIDEO_CLASS = Path("/sys/class/video4linux")


@dataclass(frozen=True)
class VideoDevice:
    """A camera, or a loopback device.

    Attributes:
        name: by which it is opened, such as ``/dev/video0``.
        description: of its maker.
    """

    name: str
    description: str


def list_cameras() -> tuple[VideoDevice, ...]:
    """The cameras of this machine; none where they cannot be listed."""
    if DEVICE_FORMAT == "v4l2":
        return _v4l2_devices(virtual=False)
    try:
        found = av.device.enumerate_input_devices(DEVICE_FORMAT)
    except (av.FFmpegError, OSError, ValueError):
        return ()
    cameras = (each for each in found if "video" in (each.media_types or ["video"]))
    return tuple(VideoDevice(each.name, each.description) for each in cameras)


def list_loopbacks() -> tuple[VideoDevice, ...]:
    """The devices to which a virtual camera can be written; v4l2loopback's, on Linux alone."""
    return _v4l2_devices(virtual=True) if DEVICE_FORMAT == "v4l2" else ()


def describe_cameras() -> str:
    """The cameras in one line; empty where there is none."""
    return ", ".join(f"{each.name} ({each.description})" for each in list_cameras())


def device_name(camera: str) -> str:
    """Name for FFmpeg of a camera given by its number or name."""
    if DEVICE_FORMAT == "v4l2":
        return f"/dev/video{camera}" if camera.isdecimal() else camera
    if DEVICE_FORMAT == "dshow":
        cameras = list_cameras()
        is_number = camera.isdecimal() and int(camera) < len(cameras)
        return f"video={cameras[int(camera)].name if is_number else camera}"
    return camera if ":" in camera else f"{camera}:none"


def _v4l2_devices(virtual: bool) -> tuple[VideoDevice, ...]:
    """Video4Linux' devices that take pictures, or else its loopback devices."""
    nodes = sorted(_VIDEO_CLASS.glob("video*"), key=lambda node: (len(node.name), node.name))
    return tuple(
        VideoDevice(f"/dev/{node.name}", _text(node / "name"))
        for node in nodes
        # A camera's further nodes carry no pictures but data about them.
        if _is_virtual(node) == virtual and _text(node / "index") in ("", "0")
    )


def _is_virtual(node: Path) -> bool:
    return "/virtual/" in str(node.resolve())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
