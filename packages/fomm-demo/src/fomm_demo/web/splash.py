"""A page from the first moment: it is shown while the libraries of the real one are loaded."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typing_extensions import Self

from fomm_core.errors import FommError

_PAGE = (Path(__file__).parent / "waiting.html").read_bytes()


class SplashServer:
    """Listens on the server's socket from the beginning, and hands it over later.

    Nobody is turned away in between: who comes while it is handed over waits in the
    system's queue. Used in a ``with`` block, at whose end it stops answering.

    Args:
        listening: the server's socket; it stays open.
    """

    def __init__(self, listening: socket.socket) -> None:
        address = listening.getsockname()
        self._server = ThreadingHTTPServer(address[:2], _Visitor, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening.dup()
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="reception", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.socket.close()


class _Visitor(BaseHTTPRequestHandler):
    """Answers everything with the same page, and health checks with "not yet"."""

    timeout = 5.0

    def do_GET(self) -> None:
        if self.path.partition("?")[0].rstrip("/").endswith("/health"):
            self._answer(503, "application/json", b'{"status":"starting"}')
        elif "text/html" in self.headers.get("Accept", "") or self.path == "/":
            self._answer(200, "text/html; charset=utf-8", _PAGE)
        else:
            self._answer(503, "text/plain", b"starting")

    def do_POST(self) -> None:
        self._answer(503, "text/plain", b"starting")

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Write nothing: visits are nobody's business."""


def open_socket(host: str, port: int) -> socket.socket:
    """Listen at an address.

    Raises:
        FommError: the address is taken or not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        raise FommError(
            f"{host}:{port}: cannot listen there: {error.strerror}; choose another --port"
        ) from error
    return listening
