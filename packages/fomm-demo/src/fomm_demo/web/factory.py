"""The page as an ASGI application: everything is made in the order that Gradio needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Settings

if TYPE_CHECKING:
    from fomm_demo.services.app import AppServices
    from fomm_demo.web.security import SecurityMiddleware


def create_app(settings: Settings | None = None) -> SecurityMiddleware:
    """Make the page as an ASGI application, for a server of your own.

    For example: ``uvicorn --factory fomm_demo:create_app --timeout-graceful-shutdown 3``.
    The application's lifespan loads the first model, removes what is old and, at its end, all
    files. Frameworks that mount it below an application of theirs have to run that lifespan.
    Importing Gradio takes seconds. Gradio is told by environment variables of the process
    where to keep files, so that a process should make one such application.

    Args:
        settings: models, limits, accounts and the path behind a proxy; by default those of
            ``fomm demo``. Where to listen is the server's own business.

    Raises:
        ModelError: a model of the settings does not exist.
    """
    settings = settings or Settings()
    return load(settings, Workspace(settings.limits.keep_minutes))[1]


def load(settings: Settings, workspace: Workspace) -> tuple[AppServices, SecurityMiddleware]:
    """Do what takes seconds: import the libraries, look for the models, build the page.

    Args:
        settings: how the page is served.
        workspace: where files lie; removed when the application's lifespan ends.

    Raises:
        ModelError: a model of the settings does not exist.
    """
    from fomm_demo.services.app import AppServices

    services = AppServices(settings, workspace)
    prepare_gradio(workspace.served)
    from fomm_demo.web.application import make_application

    return services, make_application(services)


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
