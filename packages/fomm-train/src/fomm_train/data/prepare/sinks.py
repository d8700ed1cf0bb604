"""Writers of prepared frames: folders of pictures, or videos made for reading single frames."""

from __future__ import annotations

import re
import shutil
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal

import av
from av.container import OutputContainer

from fomm_core.errors import OutputError
from fomm_core.image import ByteArray, save_png
from fomm_core.video.encode import Codec, YuvEncoding
from fomm_core.video.sink import StagedSink

Form = Literal["png", "jpg", "mp4"]

FORMS: tuple[Form, ...] = ("png", "jpg", "mp4")

JPEG_QUALITY = 95
"""Quality of JPEG, 1 .. 100; colours are stored at full size."""

CRF = 18
"""Constant rate factor of H.264, 0 .. 51, lower is better."""

# Every second frame is a key frame, and both slow steps of H.264 are left out: two frames are
# read about ten times as fast as from an ordinary video, of a file five times as large.
_CODEC = Codec("libx264", {"preset": "medium", "g": "2", "bf": "0", "tune": "fastdecode"})

_NUMBERED = re.compile(r"\d{6,}\.(png|jpg)")


class ClipSink(StagedSink):
    """A sink that leaves nothing behind unless it is complete, not even when interrupted."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()


class PictureFolder(ClipSink):
    """Writes frames as 000000.png (or .jpg), 000001.png, ... into a folder.

    Args:
        folder: where the pictures are to be. An earlier one is replaced if it holds nothing
            but such pictures.
        form: ``"png"`` or ``"jpg"``.

    Raises:
        OutputError: the folder holds something else or cannot be written.
    """

    def __init__(self, folder: Path, form: Form) -> None:
        self._form = form
        _check_replaceable(folder)
        super().__init__(folder)

    def _reserve(self) -> None:
        self.aside.mkdir()

    def _put(self, frame: ByteArray, number: int) -> None:
        from PIL import Image

        path = self.aside / f"{number:06d}.{self._form}"
        if self._form == "png":
            save_png(path, frame)
        else:
            Image.fromarray(frame).save(path, "JPEG", quality=JPEG_QUALITY, subsampling=0)

    def _finish(self) -> None:
        """Do nothing: each file is complete."""

    def _release(self) -> None:
        """Do nothing: no file is open."""

    def _move(self, target: Path) -> None:
        if target.exists():
            _check_replaceable(target)
            shutil.rmtree(target)
        super()._move(target)


def _check_replaceable(folder: Path) -> None:
    """Raise unless a folder is absent or holds nothing but numbered pictures."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: expected a folder to write to, found a file")
    others = [entry.name for entry in folder.iterdir() if not _NUMBERED.fullmatch(entry.name)]
    if others:
        raise OutputError(
            f"{folder}: expected nothing but numbered pictures of an earlier run, found "
            f"{min(others)!r}; choose another folder"
        )


class SeekableVideo(ClipSink):
    """Writes frames as an mp4 whose single frames are quick to read.

    Args:
        path: the file to make.
        frame_rate: frames per second, exact.

    Raises:
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, frame_rate: Fraction) -> None:
        self._rate = frame_rate
        self._container: OutputContainer | None = None
        self._encoding: YuvEncoding | None = None
        super().__init__(path)

    def _reserve(self) -> None:
        self.aside.open("xb").close()

    def _put(self, frame: ByteArray, number: int) -> None:
        if self._container is None or self._encoding is None:
            self._container = av.open(str(self.aside.absolute()), "w", format="mp4")
            size = (frame.shape[0], frame.shape[1])
            self._encoding = YuvEncoding(self._container, _CODEC, size, self._rate, CRF)
        self._container.mux(self._encoding.stream.encode(self._encoding.prepare(frame, number)))

    def _finish(self) -> None:
        if self._container is not None and self._encoding is not None:
            self._container.mux(self._encoding.stream.encode(None))
        self._release()

    def _release(self) -> None:
        if self._container is not None:
            self._container.close()
