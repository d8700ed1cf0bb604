"""A preview in the browser: the newest live frame, for whoever on this machine has its address."""

from __future__ import annotations

import io
import logging
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from fomm_core.image import ByteArray
from fomm_core.live.frame import LiveFrame

logger = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_QUALITY = 85
_BOUNDARY = "frame"
_ROUND_SECONDS = 0.5
_TICKET_BYTES = 16
_PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>fomm live</title>
<style>html, body { height: 100%; margin: 0; background: #000 }
img { width: 100%; height: 100%; object-fit: contain }</style>
<img src="live.mjpeg" alt="The picture that follows the camera">
</html>
"""


class Preview:
    """Serves the newest live frame as a page; a frame costs nothing while nobody watches.

    Attributes:
        address: of the page, on a port that was free. It holds a ticket that nobody can guess,
            for all users of a machine may read its ports.
        entrance: address that leads there once, to start a browser with: all users of a machine
            may read its command lines as well.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._picture: ByteArray | None = None
        self._count = 0
        self._server = _PreviewServer((_HOST, 0), _Handler)
        self._server.preview = self
        place = f"http://{_HOST}:{self._server.server_port}"
        self.address = f"{place}{self._server.folder}"
        self.entrance = f"{place}{self._server.open_entrance()}"
        threading.Thread(target=self._server.serve_forever, name="preview", daemon=True).start()

    def write(self, frame: LiveFrame) -> None:
        """Show a frame."""
        with self._changed:
            self._picture = frame.picture
            self._count += 1
            self._changed.notify_all()

    def after(self, count: int, seconds: float) -> tuple[int, ByteArray | None]:
        """Wait so long at most for a frame that is newer than a number of frames.

        Returns:
            Number of frames so far, and the newest one, (H, W, 3) uint8, RGB; ``None`` for none.
        """
        with self._changed:
            newer = self._changed.wait_for(lambda: self._count > count, seconds)
            return self._count, self._picture if newer else None

    def close(self) -> None:
        """Stop serving; pages that are open keep the last frame."""
        self._server.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _PreviewServer(ThreadingHTTPServer):
    """Serves each watcher in a thread of its own, which ends with the process."""

    daemon_threads = True
    block_on_close = False
    preview: Preview

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.ended = threading.Event()
        self.folder = _new_path()
        self._entrances: dict[str, bool] = {}

    def open_entrance(self) -> str:
        """Give a path that leads to the folder once."""
        path = _new_path()
        self._entrances[path] = True
        return path

    def enters(self, path: str) -> bool:
        """Whether a path is an open entrance, which is closed behind whoever comes."""
        return self._entrances.pop(path, False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of browsers that hang up; the status line has the terminal."""
        logger.debug("preview: a request failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _PreviewServer

    def do_GET(self) -> None:
        port = self.server.server_port
        if self.headers.get("Host") not in (f"{_HOST}:{port}", f"localhost:{port}"):
            # Another site's name that was made to lead here could read the picture.
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.server.enters(self.path):
            self._send_on()
        elif self._asks_for(""):
            self._send_page()
        elif self._asks_for("live.mjpeg"):
            self._send_frames()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _asks_for(self, name: str) -> bool:
        path = f"{self.server.folder}{name}"
        return secrets.compare_digest(path.encode(), self.path.encode("utf-8", "replace"))

    def _send_on(self) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", self.server.folder)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_page(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def _send_frames(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        count = 0
        while not self.server.ended.is_set():
            count, picture = self.server.preview.after(count, _ROUND_SECONDS)
            if picture is not None and not self._send_part(_to_jpeg(picture)):
                return

    def _send_part(self, jpeg: bytes) -> bool:
        """Send a frame; whether somebody is still there."""
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        try:
            self.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            return False
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing; the status line has the terminal."""


def _new_path() -> str:
    return f"/{secrets.token_hex(_TICKET_BYTES)}/"


def _to_jpeg(picture: ByteArray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
