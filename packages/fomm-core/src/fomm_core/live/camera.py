"""Cameras as streams of frames with time stamps; a video file or a test pattern can stand in."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from fomm_core.errors import CameraError
from fomm_core.image import ByteArray
from fomm_core.live.devices import DEVICE_FORMAT, describe_cameras, device_name
from fomm_core.video import VideoReader
from fomm_core.video.frames import RgbFrames

TEST_PATTERN = "test"
"""Name of the camera that is a test pattern."""

_PATTERN = "testsrc2=size=640x480:rate=25"
_USUAL = {"video_size": "640x480", "framerate": "30"}
_USUAL_RATE = Fraction(25)
_FASTEST = 120
_RETRY_SECONDS = 0.005


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """A frame of a camera: (H, W, 3) uint8 RGB, and its time stamp in seconds from the first."""

    picture: ByteArray
    seconds: float


@dataclass(frozen=True, eq=False)
class Camera:
    """An open camera.

    Attributes:
        name: as it was asked for.
        frame_rate: that it promises, in frames per second.
        frames: as they come; those of files come at the files' own rate.
    """

    name: str
    frame_rate: Fraction
    frames: Iterator[CameraFrame]


@contextmanager
def open_camera(name: str) -> Iterator[Camera]:
    """Open a camera, and close it at the end of the block.

    A thread that still waits for a frame then keeps it open until one comes.

    Args:
        name: a number, a device's name, a video file, or :data:`TEST_PATTERN`.

    Raises:
        CameraError: there is no such camera, it is in use, or it may not be opened.
        MediaError: the video file cannot be read.
    """
    path = Path(name)
    if path.is_file():
        reader = VideoReader(path)
        yield Camera(name, reader.frame_rate, _paced(_numbered(reader)))
        return
    container = _open_device(name)
    frames = _decoded(container, name)
    try:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
        rate = rate if 0 < rate <= _FASTEST else _USUAL_RATE
        yield Camera(name, rate, _paced(frames) if name == TEST_PATTERN else frames)
    finally:
        with suppress(ValueError):  # a thread is in it: FFmpeg may not be closed below its feet
            frames.close()
            container.close()


def _numbered(reader: VideoReader) -> Iterator[CameraFrame]:
    for index, picture in enumerate(reader):
        yield CameraFrame(picture, float(index / reader.frame_rate))


def _paced(frames: Iterator[CameraFrame]) -> Iterator[CameraFrame]:
    """Yield each frame when it is due, counted from the first."""
    began: float | None = None
    for frame in frames:
        now = time.monotonic()
        began = now - frame.seconds if began is None else began
        time.sleep(max(0.0, began + frame.seconds - now))
        yield frame


def _open_device(name: str) -> InputContainer:
    if name == TEST_PATTERN:
        return av.open(_PATTERN, format="lavfi")
    try:
        return _opened(device_name(name))
    except (av.FFmpegError, OSError) as error:
        raise CameraError(_reason(name, error)) from error


def _opened(device: str) -> InputContainer:
    """Open a device at the usual size, or at its own where it does not have that."""
    try:
        return av.open(device, format=DEVICE_FORMAT, options=_USUAL)
    except (av.FFmpegError, OSError) as error:
        if error.errno not in (errno.EINVAL, errno.EIO):
            raise
        return av.open(device, format=DEVICE_FORMAT)


def _decoded(container: InputContainer, name: str) -> Generator[CameraFrame, None, None]:
    """The camera's frames, each by its own time stamp."""
    frames, first = RgbFrames(None), None
    while True:
        try:
            for picture in container.decode(video=0):
                stamp = time.monotonic() if picture.time is None else picture.time
                first = stamp if first is None else first
                yield CameraFrame(frames.to_rgb(picture), stamp - first)
            return
        except BlockingIOError:  # AVFoundation has no frame yet
            time.sleep(_RETRY_SECONDS)
        except (av.FFmpegError, OSError) as error:
            reason = f"camera {name}: no more frames come ({error.strerror}); is it still connected"
            raise CameraError(reason) from error


def _reason(name: str, error: av.FFmpegError | OSError) -> str:
    """One line that says why a camera cannot be opened, and what to do."""
    if error.errno == errno.EBUSY:
        return f"camera {name}: expected a free one, found it in use; close the other program"
    if error.errno in (errno.EACCES, errno.EPERM):
        cure = "allow this terminal to use the camera in the system's settings"
        if sys.platform.startswith("linux"):
            cure = "join its group (sudo usermod -aG video $USER) and log in again"
        return f"camera {name}: expected permission to open it, found none; {cure}"
    found = describe_cameras() or "no camera; connect one, or name a video file to stand in"
    return f"camera {name}: expected a camera or a video file, found {found}"
