"""Cost of a download that breaks off, by this project's own code and by pooch.

    uv run --with pooch python packages/fomm-core/benchmarks/downloads.py [--mb 200]

A server on this machine closes the first connection after 60 % of the file. Told are the bytes
that it sent in all, the time, and how it ended.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch

from fomm_core.model.download import RemoteFile, fetch_file
from fomm_core.model.http import Retry

BROKEN_AT = 0.6
CHUNK = 1 << 20


class Server(ThreadingHTTPServer):
    """Sends one file, in ranges where asked, and breaks off each first time."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.requests = self.sent = 0

    @property
    def url(self) -> str:
        """Address of the file."""
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Send the file, or what follows the first byte asked for."""
        content = self.server.content
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        stop = len(content) if self.server.requests else int(BROKEN_AT * len(content))
        self.server.requests += 1
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", '"one"')
        self.end_headers()
        for place in range(start, stop, CHUNK):
            self.server.sent += self.wfile.write(content[place : min(place + CHUNK, stop)])


def measure(name: str, content: bytes, fetch: Callable[[str, Path], object]) -> None:
    """Print a row of the table."""
    with tempfile.TemporaryDirectory() as folder, Server(content) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        began = time.perf_counter()
        try:
            fetch(server.url, Path(folder))
            end = "complete"
        except Exception as error:  # noqa: BLE001
            end = type(error).__name__
        seconds = time.perf_counter() - began
        server.shutdown()
        sent = server.sent / len(content)
    print(f"| {name} | {end} | {sent:.2f} | {seconds:.2f} |")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mb", type=int, default=200)
    content = b"\x5a" * (parser.parse_args().mb * 1_000_000)
    digest = hashlib.sha256(content).hexdigest()
    retry = Retry(first_delay_s=1.0)

    def own(url: str, folder: Path) -> None:
        fetch_file(RemoteFile(url, "file.bin", sha256=digest), folder / "file.bin", False, retry)

    def retrieve(url: str, folder: Path) -> None:
        pooch.retrieve(url, f"sha256:{digest}", "file.bin", folder)

    def create(url: str, folder: Path) -> None:
        registry = {"file.bin": f"sha256:{digest}"}
        base = url.removesuffix("file.bin")
        pooch.create(folder, base, registry=registry, retry_if_failed=3).fetch("file.bin")

    print("| | end | sent / size | seconds |\n| --- | --- | --- | --- |")
    measure("fomm_core.model.download", content, own)
    measure("pooch.retrieve", content, retrieve)
    measure("pooch.create(retry_if_failed=3)", content, create)


if __name__ == "__main__":
    main()
