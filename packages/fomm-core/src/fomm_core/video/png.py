"""Frames as a folder of numbered PNG files."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from fomm_core.errors import OutputError
from fomm_core.image import ByteArray, save_png
from fomm_core.video.sink import StagedSink


class PngWriter(StagedSink):
    """Writes frames as 000000.png, 000001.png, ... into a folder; a :class:`FrameSink`.

    The folder is written aside and moved into place when it is complete. One of an earlier
    run is replaced then, but only if it holds nothing but such numbered files.

    Args:
        folder: where the pictures are to be. Missing parent folders are made.
        comment: for the metadata of each, in ASCII; empty for none.

    Raises:
        OutputError: the folder holds something else, is a file, or cannot be written.
    """

    def __init__(self, folder: str | Path, *, comment: str = "") -> None:
        # A link to a folder stays one: its target is replaced.
        final = Path(os.path.realpath(folder))
        _check_replaceable(final)
        self._comment = comment
        super().__init__(final)

    def _reserve(self) -> None:
        self.aside.mkdir()

    def _put(self, frame: ByteArray, number: int) -> None:
        save_png(self.aside / f"{number:06d}.png", frame, self._comment)

    def _finish(self) -> None:
        """Do nothing: each file is complete."""

    def _release(self) -> None:
        """Do nothing: no file is open."""

    def _move(self, target: Path) -> None:
        _check_replaceable(target)
        if not target.exists():
            self.aside.replace(target)
            return
        old = self.aside.with_suffix(".old")
        target.replace(old)
        try:
            self.aside.replace(target)
        except BaseException:
            old.replace(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(folder: Path) -> None:
    """Raise unless nothing is lost by replacing the folder."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: expected a folder to write to, found a file")
    try:
        others = [e.name for e in folder.iterdir() if not re.fullmatch(r"\d{6,}\.png", e.name)]
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read: {error.strerror}") from error
    if others:
        raise OutputError(
            f"{folder}: expected nothing but numbered PNG files of an earlier run, found "
            f"{min(others)!r}; choose another folder"
        )
