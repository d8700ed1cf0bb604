"""A server on this machine that can misbehave in the ways that servers do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import h5py
import numpy as np
import pytest

from fomm_core.model.http import Retry

CONFIG = """
model_params:
  kp_detector_params: {block_expansion: 8, max_features: 32, num_blocks: 3}
  generator_params:
    block_expansion: 8
    max_features: 32
    dense_motion_params: {block_expansion: 8, max_features: 32, num_blocks: 3}
"""


@dataclass
class Server:
    """What it serves, how it misbehaves, and what it was asked.

    Attributes:
        files: content by path.
        etag: sent with each file; empty for none.
        ranges: whether it honours Range at all.
        honours_if_range: whether it compares If-Range with its ETag.
        break_after: for each of the next requests, after how many bytes of the body the
            connection is cut.
        statuses: sent instead of the file to the next requests.
        headers: added to each answer; ``None`` leaves a header out.
        redirect: where every request is sent on to; empty for nowhere.
        requests: (Range header, status) of each request so far.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"one"'
    ranges: bool = True
    honours_if_range: bool = True
    break_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str | None] = field(default_factory=dict)
    redirect: str = ""
    requests: list[tuple[str | None, int]] = field(default_factory=list)


def _start_of(server: Server, request: BaseHTTPRequestHandler) -> int:
    """The first byte that the request is to get."""
    wanted = request.headers.get("Range")
    if wanted is None or not server.ranges:
        return 0
    if server.honours_if_range and request.headers.get("If-Range") != server.etag:
        return 0
    return int(wanted.removeprefix("bytes=").removesuffix("-"))


def _answer(server: Server, request: BaseHTTPRequestHandler) -> None:
    content = server.files.get(request.path)
    start = _start_of(server, request)
    if server.statuses:
        status = server.statuses.pop(0)
    elif server.redirect:
        status = 302
    elif content is None:
        status = 404
    elif start >= len(content) > 0:
        status = 416
    else:
        status = 206 if start else 200
    server.requests.append((request.headers.get("Range"), status))
    body = (content or b"")[start:] if status in (200, 206) else b"<html>sorry</html>"
    headers = {"Content-Length": str(len(body)), "ETag": server.etag or None}
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    if status == 302:
        headers["Location"] = server.redirect
    request.send_response(status)
    for name, value in {**headers, **server.headers}.items():
        if value is not None:
            request.send_header(name, value)
    request.end_headers()
    if server.break_after:
        body = body[: server.break_after.pop(0)]
        request.close_connection = True
    request.wfile.write(body)


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    """A running server; the hub is fetched from it."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(state, self)

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}"
        monkeypatch.setenv("FOMM_ZOO_URL", state.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def retry() -> Retry:
    """Patience without the waiting."""
    return Retry(attempts=3, first_delay_s=0)


@pytest.fixture
def params(tmp_path) -> bytes:
    """The bytes of a parameter file, some 100 kB."""
    path = tmp_path / "served.h5"
    with h5py.File(path, "w") as file:
        file["generator/W"] = np.random.default_rng(0).normal(size=25_000).astype(np.float32)
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.fixture
def config() -> bytes:
    """The bytes of a configuration file."""
    return CONFIG.encode()
