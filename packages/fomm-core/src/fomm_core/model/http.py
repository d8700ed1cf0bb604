"""One file over HTTP: resumed where it broke off, tried again, and never half taken for whole.

The transport is httpx: it notices bodies that end early, has a time limit for each step,
honours proxies and brings its own certificates, in 1 MB of plain Python. The standard
library's urllib does none of the first three by itself. Nor does pooch resume: of a file of
100 MB that breaks off at 60 %, this module has the server send 1.00 times its size,
``pooch.create(retry_if_failed=3)`` 1.60 times, and ``pooch.retrieve`` fails (measured by
``benchmarks/downloads.py``).
"""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from tqdm import tqdm

from fomm_core.errors import DownloadError, OutputError

_TIMEOUT_S = 30.0
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Retry:
    """Patience with which failed attempts are repeated.

    Attributes:
        attempts: attempts in a row that may fail without bringing a new byte.
        first_delay_s: pause after the first of them, in seconds; doubled after each.
    """

    attempts: int = 4
    first_delay_s: float = 1.0


class _PassingError(Exception):
    """A failure that another attempt may not meet."""


@dataclass(frozen=True)
class _Partial:
    """Note of an unfinished transfer, in a file beside it.

    Attributes:
        url: where the bytes are from.
        validator: ETag or date that names the server's version of the file; without one
            nothing tells whether the rest would fit, and a transfer starts over.
        total: length of the whole file in bytes, if the server said so.
    """

    url: str
    validator: str | None
    total: int | None


def download(url: str, path: Path, progress: bool = True, retry: Retry | None = None) -> None:
    """Fetch a file, continuing an earlier transfer to the same path.

    A transfer that fails leaves what it has, for the next one to continue; :func:`discard`
    removes it. Whether the bytes are the right ones is for the caller to check.

    Args:
        url: an https address, or http on this machine.
        path: where to write; complete once this function has returned.
        progress: show a bar on stderr if that is a terminal.
        retry: how patiently to try.

    Raises:
        DownloadError: the file cannot be fetched.
        OutputError: it cannot be written.
    """
    retry = retry or Retry()
    failures, furthest = 0, _size(path)
    with _client() as client:
        while True:
            try:
                return _attempt(client, url, path, progress)
            except _PassingError as error:
                failures = 1 if _size(path) > furthest else failures + 1
                furthest = max(furthest, _size(path))
                if failures >= retry.attempts:
                    raise _missed(url, str(error), "try again later") from error
                time.sleep(retry.first_delay_s * 2 ** (failures - 1))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _missed(url, _reason(error), "check the address") from error
            except OSError as error:
                raise unwritable(path, error) from error


def discard(path: Path) -> None:
    """Remove an unfinished transfer and what is remembered of it."""
    for file in (path, _note_of(path)):
        with suppress(FileNotFoundError):
            file.unlink()


def unwritable(path: Path, error: OSError) -> OutputError:
    """The error of a download that cannot be written."""
    cure = "free space, or name another folder in FOMM_CACHE"
    return OutputError(f"{path}: cannot be written: {error.strerror}; {cure}")


def _missed(url: str, found: str, cure: str) -> DownloadError:
    return DownloadError(f"{url}: expected the file, found {found}; {cure}")


def _client() -> httpx.Client:
    """An HTTP client that follows redirections, each to a safe address only."""
    return httpx.Client(
        follow_redirects=True,
        timeout=_TIMEOUT_S,
        headers={"Accept-Encoding": "identity"},  # ranges count the bytes of the file itself
        event_hooks={"request": [lambda request: _check_address(request.url)]},
    )


def _check_address(url: httpx.URL) -> None:
    if url.scheme == "https" or (url.scheme == "http" and url.host in _LOCAL_HOSTS):
        return
    raise DownloadError(f"{url}: expected an https address, found {url.scheme or 'no scheme'}")


def _attempt(client: httpx.Client, url: str, path: Path, progress: bool) -> None:
    """Fetch what is missing, in one request."""
    start, note = _state(path, url)
    if note is not None and start == note.total:
        return
    headers = {}
    if note is not None and note.validator is not None and start > 0:
        headers = {"Range": f"bytes={start}-", "If-Range": note.validator}
    try:
        with client.stream("GET", url, headers=headers) as response:
            _check_status(response, path)
            if response.status_code != httpx.codes.PARTIAL_CONTENT or note is None:
                note = _start_over(response, url, path)
            else:
                _check_continues(response, start, note, path)
            _receive(response, path, note.total, progress)
    except httpx.TransportError as error:
        raise _PassingError(_reason(error)) from error


def _check_status(response: httpx.Response, path: Path) -> None:
    """Tell failures that may pass from those that will not."""
    status = f"HTTP {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        discard(path)
        raise _PassingError(status)
    if response.status_code in _PASSING_STATUS:
        raise _PassingError(status)
    encoding = response.headers.get("Content-Encoding", "identity")
    if response.status_code not in (200, 206) or encoding != "identity":
        found = status if response.status_code not in (200, 206) else f"{encoding} data"
        raise _missed(str(response.url), found, "check the address")


def _start_over(response: httpx.Response, url: str, path: Path) -> _Partial:
    """Drop what was there, as the server sends the file from its first byte."""
    if response.status_code != httpx.codes.OK:
        raise _PassingError("a part that was not asked for")
    length = response.headers.get("Content-Length", "")
    note = _Partial(url, _validator(response), int(length) if length.isdecimal() else None)
    discard(path)
    # Before the first byte: a note that is older than the bytes could fit no longer.
    _note_of(path).write_text(json.dumps(asdict(note)), encoding="utf-8")
    return note


def _check_continues(response: httpx.Response, start: int, note: _Partial, path: Path) -> None:
    """Check that a part continues the same version of the file at the right place."""
    match = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    same_place = match is not None and int(match[1]) == start
    total = int(match[2]) if match is not None and match[2] != "*" else note.total
    same_file = _validator(response) in (None, note.validator) and note.total in (None, total)
    if not (same_place and same_file):
        discard(path)
        raise _PassingError("a file that has changed on the server")


def _receive(response: httpx.Response, path: Path, total: int | None, progress: bool) -> None:
    """Append the body to the file, and check its length if it is known."""
    with (
        path.open("ab") as file,
        tqdm(
            desc=response.url.path.rpartition("/")[2],
            total=total,
            initial=file.tell(),
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
            disable=None if progress else True,  # None: shown on terminals only
        ) as bar,
    ):
        for chunk in response.iter_raw():
            file.write(chunk)
            bar.update(len(chunk))
    if total is not None and _size(path) != total:
        raise _PassingError(f"{_size(path)} of {total} bytes")


def _validator(response: httpx.Response) -> str | None:
    """Find what names this version of the file; weak ETags do not vouch for single bytes."""
    etag: str | None = response.headers.get("ETag")
    if etag and not etag.startswith("W/"):
        return etag
    date: str | None = response.headers.get("Last-Modified")
    return date


def _state(path: Path, url: str) -> tuple[int, _Partial | None]:
    """Bytes that an earlier transfer left, and what is remembered of it."""
    try:
        note = _Partial(**json.loads(_note_of(path).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return 0, None
    return (_size(path), note) if note.url == url else (0, None)


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    """An error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
