"""Published files: fetched once, verified at every use.

The digests of the published files are not known to this package. So the first complete
download is trusted: its size and SHA-256 are recorded beside it, and from then on the file
must match the record. This notices damage and later changes; it does not prove that the first
download was genuine, for which there is only https. Where a :class:`RemoteFile` names a
digest, that is enforced from the first download on.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from fomm_core.config import load_config
from fomm_core.errors import ConfigError, DownloadError, OutputError
from fomm_core.model.http import Retry, discard, download, unwritable
from fomm_core.utils.files import atomic_path, sha256_of

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteFile:
    """One file to download.

    Attributes:
        url: its published address.
        name: its name here; the ending says what it must be (.h5 or .yaml).
        size: length in bytes, or ``None`` where not known beforehand.
        sha256: digest as 64 hexadecimal digits, or ``None`` where not known beforehand.
    """

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None

    @property
    def address(self) -> str:
        """Address to fetch it from: :attr:`url`, or the mirror named by ``FOMM_ZOO_URL``."""
        mirror = os.environ.get("FOMM_ZOO_URL")
        if not mirror:
            return self.url
        return f"{mirror.rstrip('/')}/{self.url.rpartition('/')[2]}"


@dataclass(frozen=True)
class Record:
    """Record of the first complete download of a file.

    Attributes:
        url: where it came from.
        size: its length in bytes.
        sha256: its digest as 64 hexadecimal digits.
    """

    url: str
    size: int
    sha256: str


def fetch_file(
    file: RemoteFile, path: Path, progress: bool = True, retry: Retry | None = None
) -> Path:
    """Take a file from its place in the cache, or download it there.

    A file put there by hand is taken as well. Several processes may fetch it at once: one
    downloads, the others wait for it.

    Args:
        file: what to fetch.
        path: its place in the cache; the folder is made.
        progress: show a bar on stderr if that is a terminal.
        retry: how patiently to try.

    Returns:
        ``path``, once the right file is there.

    Raises:
        DownloadError: it cannot be fetched, or what came is not the right file; the message
            says where to put it by hand. Wrong files are removed.
        OutputError: the cache cannot be written.
    """
    try:
        if _is_cached(file, path):  # without a lock: the cache may be shared and read-only
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            if not _is_cached(file, path):
                _download(file, path, progress, retry)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def _is_cached(file: RemoteFile, path: Path) -> bool:
    """Whether the right file is there; a file that is wrong is removed."""
    if not path.is_file():
        return False
    record = _read_record(path)
    problem = _problem(file, path, record)
    if problem is not None:
        _log.warning("%s: %s; it is removed and downloaded again", path, problem)
        path.unlink(missing_ok=True)
        return False
    if record is None:
        with suppress(OutputError):  # put there by hand in a cache that is read-only to us
            _write_record(file, path, path)
    return True


def _download(file: RemoteFile, path: Path, progress: bool, retry: Retry | None) -> None:
    """Download, verify, record, and move into place."""
    partial = path.with_name(f"{path.name}.part")
    try:
        download(file.address, partial, progress, retry)
    except DownloadError as error:
        raise DownloadError(f"{error}; or download it by hand and save it as {path}") from error
    record = _read_record(path)
    problem = _problem(file, partial, record)
    if problem is not None:
        discard(partial)
        hint = f"; if the change is meant, delete {_record_of(path)}" if record else ""
        raise DownloadError(f"{file.address}: wrong file: {problem}{hint}")
    if record is None:
        _write_record(file, partial, path)
    partial.replace(path)
    discard(partial)


def _problem(file: RemoteFile, path: Path, record: Record | None) -> str | None:
    """Tell what is wrong with a file: length, format or digest; ``None`` if nothing is."""
    expected_size = file.size or (record.size if record else None)
    size = path.stat().st_size
    if expected_size is not None and size != expected_size:
        return f"expected {expected_size} bytes, found {size}"
    expected = file.sha256 or (record.sha256 if record else None)
    if expected is not None and (found := sha256_of(path)) != expected:
        return f"expected SHA-256 {expected}, found {found}"
    return _format_problem(path, file.name)


def _format_problem(path: Path, name: str) -> str | None:
    """Why a file cannot be of its kind at all, such as an error page sent in its place."""
    if name.endswith(".h5"):
        with path.open("rb") as content:
            if content.read(len(_HDF5_SIGNATURE)) != _HDF5_SIGNATURE:
                return "expected an HDF5 file, found something else"
    elif name.endswith(".yaml"):
        try:
            load_config(path, unknown="ignore")  # as it is read in the end
        except ConfigError as error:
            return f"expected a configuration: {error}"
    return None


def _record_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.record.json")


def _read_record(path: Path) -> Record | None:
    """Read the record of a file, if there is a readable one."""
    try:
        record = Record(**json.loads(_record_of(path).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        _log.warning("%s: unreadable; the file is trusted anew", _record_of(path))
        return None
    return record


def _write_record(file: RemoteFile, content: Path, path: Path) -> None:
    """Record what ``content`` is, for the file that will be at ``path``."""
    record = Record(file.address, content.stat().st_size, sha256_of(content))
    with atomic_path(_record_of(path)) as partial:
        partial.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
