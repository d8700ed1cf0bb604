"""The life of the server: listen at once, load, serve, stop politely."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from fomm_core.cli.signals import ended_like_interrupted
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Settings
from fomm_demo.web.splash import SplashServer, open_socket

if TYPE_CHECKING:
    import socket

    import uvicorn

    from fomm_demo.services.app import AppServices
    from fomm_demo.web.security import SecurityMiddleware

logger = logging.getLogger(__name__)


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the page until the process is asked to stop (Ctrl-C, SIGTERM, SIGHUP).

    Args:
        settings: how.
        announce: called with lines for whoever started the server.

    Raises:
        FommError: the address or a model cannot be used.
    """
    try:
        with ended_like_interrupted():
            _serve(settings, announce)
    except KeyboardInterrupt:
        announce("stopped")


def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    with (
        closing(Workspace(settings.limits.keep_minutes)) as workspace,
        open_socket(settings.host, settings.port) as listening,
    ):
        port = listening.getsockname()[1]
        announce(f"serving at {_address(settings.host, port)} - Ctrl-C stops it")
        with SplashServer(listening):
            backstage, app = _prepare(settings, workspace)
        backstage.open()
        _run(app, backstage, listening, announce)


def _prepare(settings: Settings, workspace: Workspace) -> tuple[AppServices, SecurityMiddleware]:
    """Do what takes seconds: import the libraries, look for the models, build the page."""
    from fomm_demo.services.app import AppServices

    backstage = AppServices(settings, workspace)
    prepare_gradio(workspace.served)
    from fomm_demo.web.application import make_application

    return backstage, make_application(backstage)


def prepare_gradio(served: Path) -> None:
    """Set what Gradio reads when it is imported, and import what it would import too late.

    Args:
        served: folder of uploads and results.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(served)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    # Programs that leave notice it, and are noticed, at the next heartbeat.
    os.environ["GRADIO_HEARTBEAT_INTERVAL"] = "2"
    # At the first event of a page Gradio asks for the backend, and nobody is served meanwhile.
    import matplotlib

    matplotlib.use("agg")


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _run(
    app: SecurityMiddleware,
    backstage: AppServices,
    listening: socket.socket,
    announce: Callable[[str], None],
) -> None:
    """Serve until asked to stop, then clean up."""
    from fomm_demo.web.graceful import GracefulServer

    def stop() -> None:
        backstage.visits.close()
        app.stop()

    server = GracefulServer(app, stop)
    if backstage.settings.share:
        port = listening.getsockname()[1]
        threading.Thread(target=share, args=(server, port, announce), daemon=True).start()
    try:
        server.run(sockets=[listening])
    finally:
        backstage.close()


def share(server: uvicorn.Server, port: int, announce: Callable[[str], None]) -> None:
    """Make a public address by Gradio's service, once a server has started; needs internet."""
    from gradio.networking import setup_tunnel

    while not server.started:
        time.sleep(0.1)
    try:
        address = setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
    except Exception as error:  # noqa: BLE001 - the service may fail in any way
        logger.warning("no public address: %s", error)
    else:
        announce(f"public at {address}")
