"""Stopping without leaving anybody hanging."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

_GRACE_SECONDS = 3


class GracefulServer(uvicorn.Server):
    """A server that first says that it stops, then waits a moment for what is going on.

    Args:
        app: the application.
        stop: called once, in the signal handler, when the server is asked to stop.
    """

    def __init__(self, app: ASGIApp, stop: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            server_header=False,
        )
        super().__init__(config)
        self._stop = stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGINT and SIGTERM."""
        if not self.should_exit:
            # Responses that are cut off from now on are no errors.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            self._stop()
        super().handle_exit(sig, frame)
