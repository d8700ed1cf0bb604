"""The application: health check, security, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from fomm_demo._version import __version__
from fomm_demo.examples import EXAMPLE_FILES
from fomm_demo.page.page import build_page
from fomm_demo.page.theme import STYLES, make_theme
from fomm_demo.services.app import AppServices
from fomm_demo.settings import Settings
from fomm_demo.web.live import LiveLobby, add_live
from fomm_demo.web.security import SecurityMiddleware


def make_application(services: AppServices) -> SecurityMiddleware:
    """Put the page on the network; its lifespan opens and closes the services.

    The folder of served files has to be Gradio's folder for temporary files already when
    Gradio is imported; see :func:`fomm_demo.web.factory.load`.
    """
    settings = services.settings
    lobby = LiveLobby(services.live)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.open()
        try:
            yield
        finally:
            lobby.close()
            services.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    _add_health(app, services)
    add_live(app, lobby)
    # Before the page: what is not static when it is built is copied to where old files are swept.
    gr.set_static_paths([str(path) for path in EXAMPLE_FILES])
    page = build_page(services)
    page.queue(
        max_size=settings.queue_size,
        default_concurrency_limit=settings.concurrency,
        api_open=False,
    )
    # Gradio checks the paths that visitors send only in pages that count as launched.
    page.has_launched = True
    _mount(app, page, settings, str(services.workspace.root / "jobs"))
    return SecurityMiddleware(app, settings.limits, services.workspace.used_bytes)


def _add_health(app: FastAPI, services: AppServices) -> None:
    @app.get("/health")
    def health() -> JSONResponse:
        """Whether the server works; for load balancers and the waiting page."""
        return JSONResponse(
            {
                "status": "ok",
                "version": __version__,
                "model_ready": services.models.is_ready(services.models.names[0]),
                "jobs_running": services.sessions.running(),
            }
        )


def _mount(app: FastAPI, page: gr.Blocks, settings: Settings, private: str) -> None:
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=["api"],
        run_history=False,
        auth=[(account.name, account.password) for account in settings.accounts] or None,
        auth_message="Please sign in.",
        root_path=settings.root_path or None,
        blocked_paths=[private],
        show_error=False,
        max_file_size=settings.limits.upload_bytes,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=make_theme(),
        css=STYLES,
    )
