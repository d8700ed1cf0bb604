"""The life of the server: listen at once, load, serve, stop gracefully."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

from fomm_core.cli.signals import Interruption, ended_like_interrupted
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Settings
from fomm_demo.web.factory import load
from fomm_demo.web.graceful import GracefulServer, open_socket
from fomm_demo.web.splash import Splash

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.25


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the page until the process is asked to stop (Ctrl-C, SIGTERM, SIGHUP).

    Args:
        settings: how.
        announce: called with lines for whoever started the server.

    Raises:
        FommError: the address or a model cannot be used.
    """
    with suppress(KeyboardInterrupt), ended_like_interrupted() as asked:
        _serve(settings, announce, asked)
    announce("stopped")


def _serve(
    settings: Settings, announce: Callable[[str], None], asked_to_stop: Interruption
) -> None:
    splash = Splash()
    server = GracefulServer(splash)
    with (
        closing(Workspace(settings.limits.keep_minutes)) as workspace,
        open_socket(settings.host, settings.port) as listening,
    ):
        port = listening.getsockname()[1]
        announce(f"serving at {_address(settings.host, port)} - Ctrl-C stops it")
        with server.running(listening):
            services, app = load(settings, workspace)
            try:
                splash.show(app)
                if settings.share:
                    threading.Thread(target=share, args=(port, announce), daemon=True).start()
                while not (asked_to_stop.is_set() or server.ended):
                    time.sleep(_POLL_SECONDS)
            finally:
                services.sessions.close()
                app.stop()


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def share(port: int, announce: Callable[[str], None]) -> None:
    """Make a public address of a running server by Gradio's service; needs internet."""
    from gradio.networking import setup_tunnel

    try:
        address = setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
    except Exception as error:  # noqa: BLE001 - the service may fail in any way
        logger.warning("no public address: %s", error)
    else:
        announce(f"public at {address}")
