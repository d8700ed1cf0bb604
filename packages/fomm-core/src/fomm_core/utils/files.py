"""Writing files whole or not at all, folders for them, their hashes and sizes."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import takewhile
from pathlib import Path

from fomm_core.errors import ModelError, OutputError
from fomm_core.utils.paths import follow_links

_CHUNK_BYTES = 1 << 20
_PARTIAL = re.compile(r"\..*-[0-9a-f]{8}\.part(\..*)?")


@contextmanager
def atomic_path(final: str | Path, *, parents: bool = False) -> Iterator[Path]:
    """Give a temporary path to write to, which becomes ``final`` when the block succeeds.

    The temporary file lies in the same folder and keeps the ending of ``final``, since many
    writers choose their format by it. It is flushed to the disk and moved into place at the
    end; if the block raises, it is removed and what was at ``final`` before is untouched.
    A link stays: its target is written, and the temporary file lies beside that.

    Args:
        final: where the result is to be.
        parents: make the folders that are missing; they go again where the block raises.

    Yields:
        A path at which nothing exists yet.

    Raises:
        OutputError: the file cannot be written or moved (folder, permissions, full disk).
    """
    final = Path(final)
    try:
        target = follow_links(final)
        partial = _beside(target)
        with made_folder(target.parent) if parents else nullcontext():
            try:
                yield partial
                _flush(partial)
                partial.replace(target)
            finally:
                with suppress(OSError):
                    partial.unlink()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(f"{final}: cannot be written: {reason}") from error


def make_folders(folder: Path) -> tuple[Path, ...]:
    """Make a folder, and those above it that are missing.

    Returns:
        The folders that were missing, the innermost first, for :func:`remove_empty`.

    Raises:
        OSError: one cannot be made; none of them is left behind.
    """
    missing = tuple(takewhile(lambda each: not each.exists(), (folder, *folder.parents)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        remove_empty(missing)
        raise
    return missing


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those folders that nothing is in, in this order; the others stay."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder, and those above it, for a block that writes to it.

    Those that were missing go again where the block leaves them empty, as when it raises
    before anything is written.

    Raises:
        OSError: one cannot be made.
    """
    made = make_folders(folder)
    try:
        yield
    finally:
        remove_empty(made)


@contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Give a new, empty folder beside ``final``, to be filled and moved there in the block.

    What was not moved is removed at the end, with folders above it that were made for it.

    Raises:
        OSError: it cannot be made.
    """
    with made_folder(final.parent):
        staged = Path(tempfile.mkdtemp(prefix=f".{final.name[:48]}-", dir=final.parent))
        try:
            staged.chmod(0o755)
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _beside(target: Path) -> Path:
    """A name beside the target that no other writer has; short, for names have their limit."""
    return target.with_name(f".{target.stem[:48]}-{secrets.token_hex(4)}.part{target.suffix[-16:]}")


def partial_files(folder: Path) -> list[Path]:
    """The temporary files of :func:`atomic_path` in a folder, of writers that were killed too."""
    return [path for path in folder.glob(".*.part*") if _PARTIAL.fullmatch(path.name)]


def _flush(path: Path) -> None:
    """Wait until the content is on the disk, so that a power cut leaves no empty file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def file_sizes(folder: Path) -> Iterator[int]:
    """Yield the size in bytes of each file below a folder, of links their own.

    Files and folders that are removed meanwhile, or may not be looked at, are passed over.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield Path(parent, name).lstat().st_size


def sha256_of(path: str | Path) -> str:
    """Hash a file, of any size, in constant memory.

    Returns:
        The SHA-256 digest as 64 hexadecimal digits.

    Raises:
        ModelError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()
