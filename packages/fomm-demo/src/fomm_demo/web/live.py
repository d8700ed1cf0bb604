"""Live pictures over plain WebSockets: who drives one sends frames, who watches gets pictures."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from fomm_core.errors import FommError
from fomm_demo.page.toasts import message_of
from fomm_demo.services.live import LiveRoom, LiveService
from fomm_demo.web.live_messages import (
    FRAME_BYTES,
    Control,
    Shot,
    decode_frame,
    read_control,
    read_shot,
    write_answer,
    write_error,
    write_thumbnails,
)

logger = logging.getLogger(__name__)

MOST_DRIVING, MOST_WATCHING = 8, 16
"""So many sockets at once; more are told that the server is busy."""

MOST_MESSAGES = 120
"""Messages in one second that end a socket; a camera sends 30."""

FLOOD, TOO_LARGE, REPLACED, BUSY, GONE = 1008, 1009, 4001, 4002, 4003
"""Codes with which a socket is closed."""

_POLL_SECONDS = 0.01
_FILES = Path(__file__).parent
_ASSETS = {"": "live.html", "/live.js": "live.js", "/live.css": "live.css"}


def add_live(app: FastAPI, service: LiveService) -> None:
    """Add the live page and its sockets to an application."""
    lobby = LiveLobby(service)
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

    A page gets its ticket from Gradio, which asks for the log-in.

    Args:
        service: the rooms.
    """

    def __init__(self, service: LiveService) -> None:
        self._service = service
        self._driving: dict[str, _Driver] = {}
        self._watching = 0

    async def drive(self, socket: WebSocket) -> None:
        """Animate what a camera sends; a room's newer socket ends its older one."""
        room = self._service.find(socket.query_params.get("ticket", ""))
        if room is None:
            await socket.close()  # before it was accepted: 403
            return
        await socket.accept()
        earlier = self._driving.get(room.ticket)
        if earlier is None and len(self._driving) >= MOST_DRIVING:
            await socket.close(BUSY, "too many live pictures; try again later")
            return
        driver = self._driving[room.ticket] = _Driver(socket, room, self._service)
        if earlier is not None:
            await earlier.end(REPLACED, "continued elsewhere")
        try:
            await driver.run()
        finally:
            if self._driving.get(room.ticket) is driver:
                del self._driving[room.ticket]

    async def watch(self, socket: WebSocket) -> None:
        """Send the newest picture each time that the other side is ready for one."""
        room = self._service.find(socket.query_params.get("ticket", ""))
        if room is None:
            await socket.close()
            return
        await socket.accept()
        if self._watching >= MOST_WATCHING:
            await socket.close(BUSY, "too many viewers; try again later")
            return
        self._watching += 1
        try:
            await _watch(socket, room, self._service)
        finally:
            self._watching -= 1


class _Driver:
    """One socket that drives a room: it receives, and animates the newest frame beside that."""

    def __init__(self, socket: WebSocket, room: LiveRoom, service: LiveService) -> None:
        self._socket, self._room, self._service = socket, room, service
        self._newest: tuple[Shot, float] | None = None
        self._controls: list[Control] = []
        self._something = asyncio.Event()
        self._flood = _Flood()

    async def run(self) -> None:
        """Serve the socket until it ends."""
        worker = asyncio.create_task(self._work())
        try:
            with suppress(WebSocketDisconnect):
                await self._receive()
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await worker

    async def end(self, code: int, reason: str) -> None:
        """Close the socket, unless it is closed already."""
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(code, reason)

    async def _receive(self) -> None:
        """Take messages; of frames only the newest is kept."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            arrived = time.monotonic()
            content = message.get("bytes") or message.get("text") or ""
            if len(content) > FRAME_BYTES:
                return await self.end(TOO_LARGE, "a message is too large")
            if self._flood.exceeded(arrived):
                return await self.end(FLOOD, "too many messages")
            try:
                self._keep(content, arrived)
            except FommError as error:
                await self._socket.send_text(write_error(message_of(error)[1]))
            self._something.set()

    def _keep(self, content: bytes | str, arrived: float) -> None:
        if isinstance(content, bytes):
            self._newest = (read_shot(content), arrived)
        else:
            self._controls.append(read_control(content))
            del self._controls[:-_MOST_CONTROLS]

    async def _work(self) -> None:
        await self._attempt(self._introduce)
        while True:
            await self._something.wait()
            self._something.clear()
            while self._controls or self._newest is not None:
                await self._next()

    async def _next(self) -> None:
        """Make the oldest change; where there is none, animate the newest frame."""
        if self._controls:
            await self._attempt(_obey, self._room, self._controls.pop(0))
        elif self._newest is not None:
            (shot, arrived), self._newest = self._newest, None
            if self._service.find(self._room.ticket) is None:
                return await self.end(GONE, "the page was left")
            await self._attempt(_animate, self._room, shot, arrived)

    def _introduce(self) -> str:
        count = len(self._room.request.sources)
        return write_thumbnails([self._room.picture(index) for index in range(count)])

    async def _attempt(self, task: Callable[..., bytes | str | None], *arguments: Any) -> None:
        """Do something in a thread and send what it gives; errors are told, and it goes on."""
        try:
            answer = await asyncio.to_thread(task, *arguments)
        except Exception as error:  # noqa: BLE001 - one frame's failure is not the socket's
            answer = write_error(message_of(error)[1])
        if isinstance(answer, bytes):
            await self._socket.send_bytes(answer)
        elif answer is not None:
            await self._socket.send_text(answer)


_MOST_CONTROLS = 20


def _animate(room: LiveRoom, shot: Shot, arrived: float) -> bytes:
    return write_answer(room.follow(decode_frame(shot.data), arrived), shot.stamp)


def _obey(room: LiveRoom, control: Control) -> None:
    """Make a change that a visitor asks for."""
    if control.name == "reference":
        room.take_reference()
    elif control.name == "search":
        room.find_reference()
    elif control.name == "source":
        room.choose(int(control.value))
    elif control.name == "mirror":
        room.change(mirror=bool(control.value))
    else:
        room.change(gain=control.value)


async def _watch(socket: WebSocket, room: LiveRoom, service: LiveService) -> None:
    """Send pictures, one for each message of the viewer and none twice, until either side ends."""
    ready, shown = asyncio.Event(), 0
    listener = asyncio.create_task(_listen(socket, ready))
    try:
        with suppress(WebSocketDisconnect, RuntimeError):
            while not listener.done():
                if service.find(room.ticket) is None:
                    return await socket.close(GONE, "the page was left")
                latest = room.latest
                if ready.is_set() and latest is not None and latest.number != shown:
                    ready.clear()
                    shown = latest.number
                    await socket.send_bytes(await asyncio.to_thread(write_answer, latest))
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        listener.cancel()


async def _listen(socket: WebSocket, ready: asyncio.Event) -> None:
    """Note each message of a viewer; end with the socket, or a flood."""
    flood = _Flood()
    while (await socket.receive())["type"] != "websocket.disconnect":
        if flood.exceeded(time.monotonic()):
            return await socket.close(FLOOD, "too many messages")
        ready.set()


class _Flood:
    """Counts messages of the running second."""

    def __init__(self) -> None:
        self._second, self._count = 0, 0

    def exceeded(self, now: float) -> bool:
        """Count one at a time in seconds; tell whether there are too many."""
        if int(now) != self._second:
            self._second, self._count = int(now), 0
        self._count += 1
        return self._count > MOST_MESSAGES
