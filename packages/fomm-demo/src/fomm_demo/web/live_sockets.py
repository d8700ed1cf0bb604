"""The two kinds of live sockets: who drives sends frames, who watches asks for pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from starlette.types import Message
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
    write_welcome,
)

MOST_MESSAGES = 120
"""Messages in one second that end a socket; a camera sends 30."""

FLOOD, TOO_LARGE, REPLACED, BUSY, GONE, SILENT = 1008, 1009, 4001, 4002, 4003, 4004
"""Codes with which a socket is closed."""

_WORD_BYTES = 100
"""Size of a viewer's message, which says nothing but that it is ready."""

_POLL_SECONDS = 0.01
_MOST_CONTROLS = 20


class LiveDriver:
    """One socket that drives a room: it receives, and animates the newest frame beside that.

    Args:
        socket: accepted.
        room: that is driven.
        service: of the room; where that is forgotten the socket ends.
        threads: in which frames are animated.

    Attributes:
        heard: when the last message came, in seconds of :func:`time.monotonic`.
    """

    def __init__(
        self, socket: WebSocket, room: LiveRoom, service: LiveService, threads: Executor
    ) -> None:
        self._socket, self._room, self._service = socket, room, service
        self._threads = threads
        self._newest: tuple[Shot, float] | None = None
        self._controls: list[Control] = []
        self._something = asyncio.Event()
        self._flood = _Flood()
        self.heard = time.monotonic()

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
        if self._is_open:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(code, reason)

    @property
    def _is_open(self) -> bool:
        return self._socket.application_state is WebSocketState.CONNECTED

    async def _receive(self) -> None:
        """Take messages; of frames only the newest is kept."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            arrived = self.heard = time.monotonic()
            content = _content(message)
            if len(content) > FRAME_BYTES:
                return await self.end(TOO_LARGE, "a message is too large")
            if self._flood.exceeded(arrived):
                return await self.end(FLOOD, "too many messages")
            try:
                self._keep(content, arrived)
            except FommError as error:
                if not self._is_open:
                    return  # a newer socket has ended this one
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
        return write_welcome(self._room.thumbnails, self._room.view_ticket)

    async def _attempt(self, task: Callable[..., bytes | str | None], *arguments: Any) -> None:
        """Do something in a thread and send what it gives; errors are told, and it goes on."""
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, task, *arguments)
        except Exception as error:  # noqa: BLE001 - one frame's failure is not the socket's
            answer = write_error(message_of(error)[1])
        if isinstance(answer, bytes):
            await self._socket.send_bytes(answer)
        elif answer is not None:
            await self._socket.send_text(answer)


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


async def watch(socket: WebSocket, room: LiveRoom, service: LiveService, threads: Executor) -> None:
    """Send pictures, one for each message of the viewer and none twice, until either side ends.

    Args:
        socket: accepted.
        room: that is watched.
        service: of the room; where that is forgotten the socket ends.
        threads: in which pictures are compressed.
    """
    loop = asyncio.get_running_loop()
    ready, shown = asyncio.Event(), 0
    listener = asyncio.create_task(_listen(socket, ready))
    try:
        with suppress(WebSocketDisconnect, RuntimeError):
            while not listener.done():
                if service.find_view(room.view_ticket) is None:
                    return await socket.close(GONE, "the page was left")
                latest = room.latest
                if ready.is_set() and latest is not None and latest.number != shown:
                    ready.clear()
                    shown = latest.number
                    await socket.send_bytes(
                        await loop.run_in_executor(threads, write_answer, latest)
                    )
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        listener.cancel()


async def _listen(socket: WebSocket, ready: asyncio.Event) -> None:
    """Note each message of a viewer; end with the socket, a flood or a message too large."""
    flood = _Flood()
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if len(_content(message)) > _WORD_BYTES:
            return await socket.close(TOO_LARGE, "a message is too large")
        if flood.exceeded(time.monotonic()):
            return await socket.close(FLOOD, "too many messages")
        ready.set()


def _content(message: Message) -> bytes | str:
    """Read from a message the bytes or text that the other side sent."""
    content: bytes | str = message.get("bytes") or message.get("text") or ""
    return content


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
