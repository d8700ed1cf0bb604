"""Interface of all writers of frames, and how their results come into being."""

from __future__ import annotations

import errno
import secrets
import shutil
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol

from typing_extensions import Self

from fomm_core.errors import OutputError
from fomm_core.image import ByteArray
from fomm_core.utils.files import make_folders, remove_empty
from fomm_core.utils.paths import follow_links

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""Errors that go away where something is deleted."""


class FrameSink(Protocol):
    """Takes frames in order and makes a result of them.

    As a context manager it closes itself at the end of the block. Where the block raises,
    nothing is left behind, but after a KeyboardInterrupt what was written is finished and
    kept as ``<name>.part``.
    """

    def write(self, frame: ByteArray) -> None:
        """Take the next frame, (H, W, 3) uint8 RGB, of the same size as the first.

        Raises:
            OutputError: it cannot be written; nothing is left behind.
        """

    def skip(self, frames: int) -> None:
        """Leave out so many frames, 0 or more; the one before them stands for their time too."""

    def close(self) -> None:
        """Finish the result and move it into place; closing again does nothing.

        Raises:
            OutputError: it cannot be finished, or no frame was written.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class CodecError(OSError):
    """A codec or container refuses what it is given; no error of the disk."""


class StagedSink(ABC):
    """A frame sink whose result is written aside and moved into place.

    Sub-classes write to :attr:`aside` in :meth:`_put` and :meth:`_finish`, which may raise
    OSError; they never see a frame of another form or size than the first.

    Args:
        final: where the result is to be. Missing parent folders are made, and go again where
            there is no result. A link stays: its target is written.

    Attributes:
        final: the same.
        aside: the temporary path, beside the target; nothing exists there yet.
        frames_written: number of frames taken so far.

    Raises:
        OutputError: the folder cannot be made or written.
    """

    def __init__(self, final: str | Path) -> None:
        self.final = Path(final)
        self.frames_written = 0
        self._number = 0
        self._shape: tuple[int, ...] | None = None
        self._closed = False
        try:
            self._target = follow_links(self.final)
            self.aside = _beside(self._target)
            self._made = make_folders(self._target.parent)
        except OSError as error:
            raise self._failure(error) from error
        try:
            self._reserve()
        except OSError as error:
            remove_empty(self._made)
            raise self._failure(error) from error

    @abstractmethod
    def _reserve(self) -> None:
        """Create :attr:`aside`, which shows early that the folder can be written."""

    @abstractmethod
    def _put(self, frame: ByteArray, number: int) -> None:
        """Write frame ``number``, counted from 0."""

    @abstractmethod
    def _finish(self) -> None:
        """Write what remains after the last frame."""

    @abstractmethod
    def _release(self) -> None:
        """Close files, whatever state they are in; called before removing them."""

    def _move(self, target: Path) -> None:
        """Put the finished result at ``target``, replacing an earlier one."""
        self.aside.replace(target)

    def write(self, frame: ByteArray) -> None:
        """Take the next frame; see :class:`FrameSink`.

        Raises:
            OutputError: it cannot be written; nothing is left behind.
            ValueError: the frame has another form than (H, W, 3) uint8 or another size than
                the first, or the sink is closed.
        """
        self._check(frame)
        try:
            self._put(frame, self._number)
        except OSError as error:
            self._discard()
            raise self._failure(error) from error
        self.frames_written += 1
        self._number += 1

    def skip(self, frames: int) -> None:
        """Leave out the numbers of so many frames; see :class:`FrameSink`."""
        self._number += frames

    def _check(self, frame: ByteArray) -> None:
        if self._closed:
            raise ValueError(f"{self.final}: expected an open writer, found a closed one")
        if self._shape is None and frame.ndim == 3 and 0 not in frame.shape:
            self._shape = (*frame.shape[:2], 3)
        if frame.shape != self._shape or frame.dtype != "uint8":
            expected = self._shape or "(H, W, 3)"
            raise ValueError(f"frame: expected {expected} uint8, found {frame.shape} {frame.dtype}")

    def close(self) -> None:
        """Finish the result and move it into place; see :class:`FrameSink`."""
        if self._closed:
            return
        if self.frames_written == 0:
            self._discard()
            raise OutputError(f"{self.final}: expected frames to write, found none")
        self._complete(self._target)

    def _complete(self, target: Path) -> None:
        try:
            self._finish()
            self._closed = True
            self._move(target)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self._discard()

    def _discard(self) -> None:
        """Remove what was written aside, and the folders made for it; nothing that was moved."""
        self._closed = True
        with suppress(OSError):
            self._release()
        if self.aside.is_dir():
            shutil.rmtree(self.aside, ignore_errors=True)
        with suppress(OSError):
            self.aside.unlink()
        remove_empty(self._made)

    def _failure(self, error: OSError) -> OutputError:
        reason = error.strerror or type(error).__name__
        cure = "choose another place"
        if error.errno in _FULL:
            cure = f"free space or {cure}"
        if isinstance(error, CodecError):
            cure = "choose another format or leave out the sound"
        return OutputError(f"{self.final}: cannot be written: {reason}; {cure}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif self._closed:
            return
        elif issubclass(kind, KeyboardInterrupt) and self.frames_written:
            with suppress(OutputError):  # the interruption is what matters
                self._complete(self.final.with_name(f"{self.final.name}.part"))
        else:
            self._discard()


def _beside(target: Path) -> Path:
    """A name beside the target that no other writer has; short, for names have their limit."""
    return target.with_name(f".{target.name[:48]}-{secrets.token_hex(4)}.tmp")
