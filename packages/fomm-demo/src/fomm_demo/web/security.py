"""What stands between the network and Gradio: limits of size, closed doors, headers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fomm_demo.settings import Limits

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 4_000_000
"""Size of a request that is no upload; a webcam's frame is the largest of them."""

_FORM_BYTES = 100_000  # what surrounds a file in an upload
_LOGIN_SECONDS = 0.5

# Parts of Gradio that the page does not use. Some fetch addresses that a visitor names, some
# start programs, some write files: none is reachable.
_CLOSED = re.compile(
    r"/gradio_api/(process_recording|proxy=|vibe-|undo-vibe|component_server|custom_component"
    r"|run-history|runs|deep_link|dev/|profiling|file=[a-z]+:|file/)"
    r"|/monitoring|/manifest\.json|/pwa_icon",
    re.IGNORECASE,
)

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
        self._login = asyncio.Lock()
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

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/login"):
            # One attempt after the other, and each takes its time: guessing is slow. Only the
            # pause is shared: a sender that is slow, or never done, keeps nobody else waiting.
            async with self._login:
                await asyncio.sleep(_LOGIN_SECONDS)
        await self._measured(scope, receive, send)

    async def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        """Why a request is refused by its head alone; ``None`` if it is not."""
        if _CLOSED.search(scope["path"]):
            return PlainTextResponse("not found", 404)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most_bytes(scope):
            return _too_large()
        if _is_upload(scope):
            used = await asyncio.to_thread(self._used_bytes)
            if used > self._limits.disk_mb * 1_000_000:
                return PlainTextResponse("The server has no room left; try again later.", 507)
        return None

    def _most_bytes(self, scope: Scope) -> int:
        return self._limits.upload_bytes + _FORM_BYTES if _is_upload(scope) else MESSAGE_BYTES

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


def _is_upload(scope: Scope) -> bool:
    path: str = scope["path"].rstrip("/")
    return path.endswith("/gradio_api/upload")


def _too_large() -> PlainTextResponse:
    return PlainTextResponse("This is larger than the server takes.", 413)


def _with_headers(scope: Scope, send: Send) -> Send:
    is_file = "/gradio_api/file=" in scope["path"]

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["Content-Security-Policy"] = _FILE_POLICY if is_file else _PAGE_POLICY
            if is_file:
                headers["Cache-Control"] = "private, no-store"
        await send(message)

    return marked
