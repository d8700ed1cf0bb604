"""The one folder that the server writes to: uploads, the folders of jobs, and results."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fomm_core.utils.files import file_sizes


class Workspace:
    """A private folder that lives as long as the server.

    ========== =====================================================================
    ``served``  uploads and results: what browsers may fetch, if they know its name
    ``jobs``    a folder for each job while it runs; never served
    ========== =====================================================================

    What is old is swept here and not by Gradio (``gr.Blocks(delete_cache=)``), which knows
    only files that it has handed out: an upload that broke off leaves one that it has not.

    Results lie in ``served`` under a random name of 128 bits, uploads under the digest of
    their content. Both are removed when they are older than ``keep_minutes``, results also
    when their browser leaves.

    Args:
        keep_minutes: age at which served files are removed.
        parent: where to make the folder; by default the system's folder for temporary files.
    """

    def __init__(self, keep_minutes: float, parent: Path | None = None) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="fomm-demo-", dir=parent)).resolve()
        self.served = self.root / "served"
        self._jobs = self.root / "jobs"
        for folder in (self.served, self._jobs):
            folder.mkdir(mode=0o700)
        self._keep_seconds = keep_minutes * 60

    @contextmanager
    def job_folder(self) -> Iterator[Path]:
        """Give an empty folder that is removed, with all in it, when the block ends."""
        folder = self._jobs / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, file: Path, name: str) -> Path:
        """Move a file to where browsers may fetch it, under a name nobody can guess.

        Args:
            file: in a job's folder.
            name: what it is called when it is saved.
        """
        folder = self.served / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return file.replace(folder / name)

    def withdraw(self, published: Path) -> None:
        """Remove a published file."""
        shutil.rmtree(published.parent, ignore_errors=True)

    def holds(self, path: Path) -> bool:
        """Whether a path leads to a served file, links followed."""
        resolved = path.resolve()
        return resolved.is_relative_to(self.served) and resolved.is_file()

    def used_bytes(self) -> int:
        """Size of all files together."""
        return sum(file_sizes(self.root))

    def sweep(self) -> int:
        """Remove served files that are too old; return how many."""
        oldest = time.time() - self._keep_seconds
        old = [path for path in _files(self.served) if _is_older(path, oldest)]
        for path in old:
            path.unlink(missing_ok=True)
        for folder in self.served.iterdir():
            _remove_if_empty(folder, oldest)
        return len(old)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder; folders that are removed meanwhile are passed over."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def _is_older(path: Path, oldest: float) -> bool:
    try:
        return path.is_file() and path.lstat().st_mtime < oldest
    except FileNotFoundError:
        return False


def _remove_if_empty(folder: Path, oldest: float) -> None:
    """Remove an empty folder, unless it was made just now for a file to come."""
    try:
        if folder.is_dir() and folder.stat().st_mtime < oldest:
            folder.rmdir()
    except OSError:
        return
