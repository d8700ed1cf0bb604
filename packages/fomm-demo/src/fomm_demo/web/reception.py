"""A page from the first moment: it is shown while the libraries of the real one are loaded."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import Self

from fomm_core.errors import FommError

_PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>First Order Motion</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<noscript><meta http-equiv="refresh" content="2"></noscript>
<style>
:root { color-scheme: light dark; --ink: #1c2b33; --soft: #5d7079; --ground: #f6f8f8; --tone: #0f8a83 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eeee; --soft: #93a5ab; --ground: #11181b; --tone: #35c2b6 }
}
body { margin: 0; min-height: 100vh; display: grid; place-content: center; text-align: center;
  background: var(--ground); color: var(--soft); font: 16px/1.5 system-ui, sans-serif }
h1 { margin: 0 0 .25rem; color: var(--ink); font-size: 1.6rem }
p { margin: 0 } i { display: block; width: 12rem; height: 4px; margin: 1.5rem auto 0;
  border-radius: 2px; background: linear-gradient(90deg, transparent, var(--tone), transparent) 0/40% 100% no-repeat;
  animation: go 1.2s ease-in-out infinite alternate }
@keyframes go { to { background-position: 100% } }
@media (prefers-reduced-motion: reduce) { i { animation: none } }
</style></head>
<body><main role="status"><h1>Make a picture move</h1><p>Opening the studio&hellip;</p><i></i></main>
<script>
const again = () => fetch("health", {cache: "no-store"})
  .then(answer => answer.ok ? location.reload() : setTimeout(again, 250))
  .catch(() => setTimeout(again, 250));
setTimeout(again, 250);
</script></body></html>
"""


class Reception:
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
