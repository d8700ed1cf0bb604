"""A virtual camera: frames written to a loopback device, from which meeting programs read."""

from __future__ import annotations

import errno
from fractions import Fraction

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from fomm_core.errors import CameraError
from fomm_core.image import ByteArray, fit
from fomm_core.live.devices import HOW_TO_LOOP_BACK, list_loopbacks
from fomm_core.live.frame import LiveFrame

SIZE = (720, 1280)
"""(height, width) of a virtual camera's pictures, which every meeting program takes."""


class VirtualCamera:
    """Writes live frames to a v4l2loopback device, in the middle of pictures of one size.

    Args:
        device: such as ``/dev/video9``.
        frame_rate: that is promised to those who read it.
        size: (height, width) of its pictures, even numbers.
        muxer: of FFmpeg; another one than ``v4l2`` is for tests.

    Raises:
        CameraError: it is no loopback device, or may not be opened.
    """

    def __init__(
        self,
        device: str,
        frame_rate: Fraction,
        size: tuple[int, int] = SIZE,
        muxer: str = "v4l2",
    ) -> None:
        self._device, self._size = device, size
        self._count = 0
        try:
            self._container = av.open(device, "w", format=muxer)
            stream = self._container.add_stream("rawvideo", rate=frame_rate)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise CameraError(_reason(device, error)) from error
        if not isinstance(stream, VideoStream):
            raise TypeError("rawvideo: expected a video codec")
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        self._stream, self._time_base = stream, 1 / frame_rate

    def write(self, frame: LiveFrame) -> None:
        """Show a frame.

        Raises:
            CameraError: the device does not take it.
        """
        picture = self._fitted(frame.picture)
        picture.pts, picture.time_base = self._count, self._time_base
        self._count += 1
        try:
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError) as error:
            raise CameraError(_reason(self._device, error)) from error

    def _fitted(self, picture: ByteArray) -> VideoFrame:
        padded = fit(picture, self._size, "pad")
        return VideoFrame.from_ndarray(padded, format="rgb24").reformat(format="yuv420p")

    def close(self) -> None:
        """Close the device."""
        self._container.close()


def _reason(device: str, error: Exception) -> str:
    """One line that says why a virtual camera cannot be written, and what to do."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EBUSY:
        cure = "close the other program"
        return f"virtual camera {device}: expected a free one, found it in use; {cure}"
    if number in (errno.EACCES, errno.EPERM):
        cure = "join its group (sudo usermod -aG video $USER) and log in again"
        return f"virtual camera {device}: expected permission to write, found none; {cure}"
    found = ", ".join(each.name for each in list_loopbacks())
    found = found or f"none; make one: {HOW_TO_LOOP_BACK}"
    return f"virtual camera {device}: expected a loopback device, found {found}"
