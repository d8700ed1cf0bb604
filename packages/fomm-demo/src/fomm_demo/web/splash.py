"""A page from the first moment: it is shown while the libraries of the real one are loaded."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE = (Path(__file__).parent / "waiting.html").read_bytes()
_HEADERS = {"Cache-Control": "no-store", "Retry-After": "1"}


class Splash:
    """An ASGI application that stands in for another one until that is loaded.

    Browsers get a page that waits, programs the status 503. One server serves both
    applications: nobody is turned away in between.
    """

    def __init__(self) -> None:
        self._loaded: Future[ASGIApp] = Future()
        self._started: Future[None] = Future()
        self._app: ASGIApp | None = None

    def show(self, app: ASGIApp) -> None:
        """Hand over to an application; called once, from another thread than the server's.

        Returns when the application has started; raises what its start raised.
        """
        self._loaded.set_result(app)
        self._started.result()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; see the ASGI specification."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _waiting(scope)(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        end = asyncio.ensure_future(receive())
        loaded = asyncio.wrap_future(self._loaded)
        await asyncio.wait((loaded, end), return_when=asyncio.FIRST_COMPLETED)
        if loaded.done():
            await self._run(loaded.result(), scope, end, send)
        else:
            await send({"type": "lifespan.shutdown.complete"})

    async def _run(
        self, app: ASGIApp, scope: Scope, end: asyncio.Future[Message], send: Send
    ) -> None:
        """Run the start and the end of the application, as a server would do it itself."""
        starts = iter([{"type": "lifespan.startup"}])

        async def receive() -> Message:
            return next(starts, None) or await end

        async def forward(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await send(message)
            elif message["type"] == "lifespan.startup.complete":
                self._app = app
                self._started.set_result(None)

        try:
            await app(scope, receive, forward)
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            raise


def _waiting(scope: Scope) -> Response:
    """The waiting page for browsers, and "not yet" for health checks and all else."""
    path = scope["path"]
    if path.rstrip("/").endswith("/health"):
        return JSONResponse({"status": "starting"}, 503, _HEADERS)
    wants_page = path == "/" or "text/html" in Headers(scope=scope).get("accept", "")
    if scope["method"] == "GET" and wants_page:
        return HTMLResponse(_PAGE, 200, _HEADERS)
    return PlainTextResponse("starting", 503, _HEADERS)
