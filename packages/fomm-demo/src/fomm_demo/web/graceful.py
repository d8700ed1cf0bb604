"""Serving in a thread, and stopping without leaving anybody hanging."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from fomm_core.errors import FommError

_GRACE_SECONDS = 3
_POLL_SECONDS = 0.05
_SOCKET_BYTES = 1_000_000


class GracefulServer(uvicorn.Server):
    """A server that runs beside the main thread, which takes the signals.

    Args:
        app: the application.

    Attributes:
        ended: whether it has run and ended. Its thread is not joined: up to Python 3.12 a signal
            during ``Thread.join`` makes a thread seem to have ended that goes on. Nor is it an
            event, which may stay locked where a signal falls into it.
    """

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            server_header=False,
            ws_max_size=_SOCKET_BYTES,
            ws_per_message_deflate=False,  # pictures are compressed already
        )
        super().__init__(config)
        self.ended = False

    @contextmanager
    def running(self, listening: socket.socket) -> Iterator[None]:
        """Serve on a socket while the block runs; then wait a moment for what is going on."""

        def run() -> None:
            try:
                self.run(sockets=[listening])
            finally:
                self.ended = True

        threading.Thread(target=run, name="server", daemon=True).start()
        try:
            while not (self.started or self.ended):
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            # Responses that are cut off from now on are no errors.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            self.should_exit = True
            while not self.ended:
                time.sleep(_POLL_SECONDS)


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
