"""Security between the network and Gradio: what is allowed, limits of size, headers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fomm_demo.settings import Limits
from fomm_demo.web.login import LoginDelay

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 4_000_000
"""Size of a request that is no upload; a webcam's frame is the largest of them."""

_UPLOAD = "/gradio_api/upload"
_FORM_BYTES = 100_000  # what surrounds a file in an upload

# All that the page and programs ask for; whatever else Gradio has, or gets with its next
# version, is closed. Some of that fetches addresses that a visitor names, writes files or
# starts programs.
_READ = (
    r"/|/health|/config|/theme\.css|/favicon\.ico|/robots\.txt|/logout",
    r"/live|/live/live\.(js|css)",
    r"/(assets|static|svelte)/.+",
    r"/gradio_api/(info|openapi\.json|app_id|login_check|user|startup-events|theme\.css)",
    r"/gradio_api/(queue/data|queue/status|upload_progress|heartbeat/[^/]+|call/[^/]+/[^/]+)",
    r"/gradio_api/file=(?![a-z]+:).+",  # a file, and no address
)
_WRITE = (
    r"/login",
    r"/gradio_api/(upload|queue/join|cancel|reset)",
    r"/gradio_api/run/[^/]+",  # events outside the queue, such as a click on an example
    r"/gradio_api/(call/(v2/)?[^/]+|stream/[^/]+(/close)?)",
)
_ALLOWED = {
    "GET": re.compile("|".join(_READ), re.IGNORECASE | re.DOTALL),
    "POST": re.compile("|".join(_WRITE)),
}
_ALLOWED["HEAD"] = _ALLOWED["GET"]
_SOCKETS = ("/live/socket", "/live/view")

_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
# Whatever a visitor uploaded: shown as a picture or a video, but never as a page that runs.
_FILE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}


class SecurityMiddleware:
    """Checks requests before the application sees them, and marks its responses.

    Args:
        app: the application.
        limits: sizes of uploads and of all files together.
        used_bytes: tells how much the files take now.
    """

    def __init__(self, app: ASGIApp, limits: Limits, used_bytes: Callable[[], int]) -> None:
        self._app = app
        self._limits = limits
        self._used_bytes = used_bytes
        self._reserved = 0
        self._login = LoginDelay()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Tell all running requests that their sender left, so that the server can end.

        Pages hold connections open as long as they are shown. May be called from a signal
        handler or another thread.
        """
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; see the ASGI specification."""
        self._loop = asyncio.get_running_loop()
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, _with_headers(scope, send))
        elif _path(scope) in _SOCKETS and is_same_origin(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close"})  # before it is accepted: 403

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is None and _path(scope) == "/login" and not await self._login.admit(scope):
            refusal = PlainTextResponse("Too many attempts; try again later.", 429)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif _path(scope) == _UPLOAD:
            await self._upload(scope, receive, send)
        else:
            await self._measured(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        """Refuse a request by its head alone; ``None`` if it passes."""
        if not is_allowed(scope["method"], _path(scope)):
            return PlainTextResponse("not found", 404)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most_bytes(scope):
            return _too_large()
        return None

    def _most_bytes(self, scope: Scope) -> int:
        is_upload = _path(scope) == _UPLOAD
        return self._limits.upload_bytes + _FORM_BYTES if is_upload else MESSAGE_BYTES

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take an upload if there is room for it beside all others that are on their way."""
        size = int(Headers(scope=scope).get("content-length", self._most_bytes(scope)))
        self._reserved += size
        try:
            used = await asyncio.to_thread(self._used_bytes)
            if used + self._reserved > self._limits.disk_mb * 1_000_000:
                full = PlainTextResponse("The server has no room left; try again later.", 507)
                await full(scope, receive, send)
            else:
                await self._measured(scope, receive, send)
        finally:
            self._reserved -= size

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, but not read more than is allowed.

        A request need not state its length. One that turns out too long is cut off: the
        application is told that the sender left, and the sender that it was too much.
        """
        meter = _Meter(receive, send, self._most_bytes(scope), self._stopping)
        response = None
        try:
            await self._app(scope, meter.receive, meter.send)
        except Exception as error:
            if not meter.exceeded:
                logger.warning("%s failed: %s: %s", scope["path"], type(error).__name__, error)
                logger.debug("where it failed", exc_info=error)
                response = PlainTextResponse("Something went wrong on the server.", 500)
        if meter.exceeded:
            response = _too_large()
        if response is not None and not meter.answered:
            await response(scope, receive, send)


class _Meter:
    """Counts what is received, and goes silent in both directions once it is too much."""

    def __init__(self, receive: Receive, send: Send, most: int, stopping: asyncio.Event) -> None:
        self._receive, self._send = receive, send
        self._left = most
        self._stopping = stopping
        self.exceeded = False
        self.answered = False

    async def receive(self) -> Message:
        """The next part of the request."""
        if self.exceeded:
            return {"type": "http.disconnect"}
        message = await _first(self._receive(), self._stopping)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the response on."""
        if not self.exceeded or self.answered:
            self.answered = True
            await self._send(message)


async def _first(coming: Awaitable[Message], stopping: asyncio.Event) -> Message:
    """The next message, or the end where that comes first."""
    message = asyncio.ensure_future(coming)
    end = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((message, end), return_when=asyncio.FIRST_COMPLETED)
        return message.result() if message.done() else {"type": "http.disconnect"}
    finally:
        end.cancel()
        message.cancel()


def is_same_origin(headers: Headers) -> bool:
    """Whether a socket is opened by a page of this server.

    Browsers let any page open sockets anywhere, and say which one it is.
    """
    host = headers.get("host", "")
    return bool(host) and urlsplit(headers.get("origin", "")).netloc == host


def is_allowed(method: str, path: str) -> bool:
    """Whether the page needs such a request.

    Args:
        method: such as GET.
        path: without the prefix below which the application lies.
    """
    allowed = _ALLOWED.get(method)
    return allowed is not None and allowed.fullmatch(path) is not None


def _path(scope: Scope) -> str:
    """The path within the application, without a slash at its end."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.rstrip("/") or "/"


def _too_large() -> PlainTextResponse:
    return PlainTextResponse("This is larger than the server takes.", 413)


def _with_headers(scope: Scope, send: Send) -> Send:
    is_file = _path(scope).startswith("/gradio_api/file=")

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["Content-Security-Policy"] = _FILE_POLICY if is_file else _PAGE_POLICY
            if is_file:
                headers["Cache-Control"] = "private, no-store"
        await send(message)

    return marked
