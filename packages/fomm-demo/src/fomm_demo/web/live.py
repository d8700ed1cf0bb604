"""The live page, and who is let into its sockets (:mod:`fomm_demo.web.live_sockets`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.websockets import WebSocket

from fomm_demo.services.live import LiveService
from fomm_demo.web.live_sockets import BUSY, REPLACED, SILENT, LiveDriver, watch

MOST_DRIVING, MOST_WATCHING = 8, 16
"""So many sockets at once; more are told that the server is busy."""

SILENT_SECONDS = 60.0
"""Time without a frame after which a socket that drives makes room for another."""

PROTOCOL = "fomm.live"
"""WebSocket sub-protocol of the sockets; after it a page offers its ticket as another one, for
addresses come into the logs of proxies."""

_FILES = Path(__file__).parent
_ASSETS = {"": "live.html", "/live.js": "live.js", "/live.css": "live.css"}


def add_live(app: FastAPI, lobby: LiveLobby) -> None:
    """Add the live page and its sockets to an application."""
    for path, name in _ASSETS.items():
        app.add_api_route(f"/live{path}", _sender(_FILES / name), include_in_schema=False)
    app.add_api_websocket_route("/live/socket", lobby.drive)
    app.add_api_websocket_route("/live/view", lobby.watch)


def _sender(path: Path) -> Callable[[], FileResponse]:
    def send() -> FileResponse:
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    return send


class LiveLobby:
    """Lets sockets into the rooms that their tickets name.

    A page gets its ticket from Gradio, which asks for the log-in. Frames are animated in threads of
    the lobby's own: uploads, which take those of the event loop, do not hold them up.

    Args:
        service: the rooms.
    """

    def __init__(self, service: LiveService) -> None:
        self._service = service
        self._driving: dict[str, LiveDriver] = {}
        self._watching = 0
        # A socket has one thing to do at a time, so that none waits for another's.
        self._threads = ThreadPoolExecutor(MOST_DRIVING + MOST_WATCHING, "live")

    def close(self) -> None:
        """Wait for the frames that are being animated; then there are no more."""
        self._threads.shutdown(cancel_futures=True)

    async def drive(self, socket: WebSocket) -> None:
        """Animate what a camera sends; a room's newer socket ends its older one."""
        room = self._service.find(_ticket(socket))
        if room is None:
            await socket.close()  # before it was accepted: 403
            return
        await socket.accept(PROTOCOL)
        earlier = self._driving.get(room.ticket)
        silent = self._pop_silent() if earlier is None else None
        if earlier is None and len(self._driving) >= MOST_DRIVING:
            await socket.close(BUSY, "too many live pictures; try again later")
            return
        driver = self._driving[room.ticket] = LiveDriver(socket, room, self._service, self._threads)
        try:
            if earlier is not None:
                await earlier.end(REPLACED, "continued elsewhere")
            if silent is not None:
                await silent.end(SILENT, "others wait")
            await driver.run()
        finally:
            if self._driving.get(room.ticket) is driver:
                del self._driving[room.ticket]

    def _pop_silent(self) -> LiveDriver | None:
        """Take the place of who has been silent for longest, if all places are taken."""
        if len(self._driving) < MOST_DRIVING:
            return None
        ticket, driver = min(self._driving.items(), key=lambda entry: entry[1].heard)
        if time.monotonic() - driver.heard < SILENT_SECONDS:
            return None
        return self._driving.pop(ticket)

    async def watch(self, socket: WebSocket) -> None:
        """Send the newest picture each time that the other side is ready for one."""
        room = self._service.find_view(_ticket(socket))
        if room is None:
            await socket.close()
            return
        await socket.accept(PROTOCOL)
        if self._watching >= MOST_WATCHING:
            await socket.close(BUSY, "too many viewers; try again later")
            return
        self._watching += 1
        try:
            await watch(socket, room, self._service, self._threads)
        finally:
            self._watching -= 1


def _ticket(socket: WebSocket) -> str:
    """The ticket that a page offers; empty where it offers something else."""
    protocol, *tickets = socket.scope.get("subprotocols") or [""]
    return tickets[0] if protocol == PROTOCOL and len(tickets) == 1 else ""
