"""The services behind the page, opened and closed together."""

from __future__ import annotations

import logging
import threading

from fomm_demo.services.animation import AnimationService
from fomm_demo.services.inspection import Inspection
from fomm_demo.services.live import LiveService
from fomm_demo.services.models import ModelRegistry
from fomm_demo.services.session_cache import SessionCache
from fomm_demo.services.sessions import Sessions
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Settings

logger = logging.getLogger(__name__)

MOST_INSPECTIONS = 16
_TIDY_SECONDS = 20.0
_LOADING_SECONDS = 8.0


class AppServices:
    """The models, folders, jobs and open pages of one server.

    Args:
        settings: how it is served.
        workspace: where files lie; removed by :meth:`close`.

    Attributes:
        settings, workspace: the same.
        models: the models on offer.
        animation: animates pictures.
        sessions: jobs and results of the open pages.
        live: live animations of the open pages.
        inspections: what the open pages look into.

    Raises:
        ModelError: a model of the settings does not exist.
    """

    def __init__(self, settings: Settings, workspace: Workspace) -> None:
        self.settings = settings
        self.workspace = workspace
        self.models = ModelRegistry(settings.models, settings.device)
        self.animation = AnimationService(self.models, workspace, settings.limits)
        self.sessions = Sessions(workspace, settings.limits.keep_minutes * 60)
        self.live = LiveService(self.animation)
        self.inspections: SessionCache[Inspection] = SessionCache(
            MOST_INSPECTIONS, settings.limits.keep_minutes * 60, lambda gone: gone.release()
        )
        self._closing = threading.Event()
        self._caretaker = threading.Thread(target=self._tidy_often, name="tidy", daemon=True)

    def open(self) -> None:
        """Begin to load the first model and to remove what is old."""
        self.models.load_ahead()
        self._caretaker.start()

    def leave(self, session: str) -> None:
        """End and remove all that belongs to a page."""
        self.sessions.leave(session)
        self.live.leave(session)
        self.inspections.forget(session)

    def tidy(self) -> None:
        """Remove what is old."""
        self.workspace.sweep()
        self.sessions.expire()
        self.inspections.expire()
        self.live.expire()

    def close(self) -> None:
        """Cancel all jobs, remove all files, and let a model that is being loaded be loaded."""
        self._closing.set()
        self.sessions.close()
        self.inspections.clear()
        self.workspace.close()
        self.models.finish_loading(_LOADING_SECONDS)

    def _tidy_often(self) -> None:
        while not self._closing.wait(_TIDY_SECONDS):
            try:
                self.tidy()
            except OSError as error:
                logger.warning("old files stay for now: %s", error)
