"""Everything behind the page, in one place that is opened and closed once."""

from __future__ import annotations

import logging
import threading

from fomm_demo.services.animation import AnimationService
from fomm_demo.services.inspection import Inspection
from fomm_demo.services.jobs import Sessions
from fomm_demo.services.live import Stage
from fomm_demo.services.models import ModelRegistry
from fomm_demo.services.session_cache import SessionCache
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Settings

logger = logging.getLogger(__name__)

MOST_INSPECTIONS = 16
_TIDY_SECONDS = 20.0


class AppServices:
    """The models, folders, jobs and open pages of one server.

    Args:
        settings: how it is served.
        workspace: where files lie; removed by :meth:`close`.

    Attributes:
        settings, workspace: the same.
        shelf: the models.
        studio: where orders are carried out.
        visits: jobs and results of the open pages.
        stage: live animations of the open pages.
        inspections: what the open pages look into.

    Raises:
        ModelError: a model of the settings does not exist.
    """

    def __init__(self, settings: Settings, workspace: Workspace) -> None:
        self.settings = settings
        self.workspace = workspace
        self.shelf = ModelRegistry(settings.models)
        self.studio = AnimationService(self.shelf, workspace, settings.limits)
        self.visits = Sessions(workspace)
        self.stage = Stage(self.studio)
        self.inspections: SessionCache[Inspection] = SessionCache(
            MOST_INSPECTIONS, settings.limits.keep_minutes * 60, lambda gone: gone.release()
        )
        self._closing = threading.Event()
        self._caretaker = threading.Thread(target=self._tidy_often, name="tidy", daemon=True)

    def open(self) -> None:
        """Begin to load the first model and to remove what is old."""
        self.shelf.load_ahead()
        self._caretaker.start()

    def leave(self, visit: str) -> None:
        """End and remove all that belongs to a page."""
        self.visits.leave(visit)
        self.stage.reset(visit)
        self.inspections.forget(visit)

    def tidy(self) -> None:
        """Remove what is old."""
        self.workspace.sweep()
        self.inspections.expire()
        self.stage.expire()

    def close(self) -> None:
        """Cancel all jobs and remove all files."""
        self._closing.set()
        self.visits.close()
        self.inspections.clear()
        self.workspace.close()

    def _tidy_often(self) -> None:
        while not self._closing.wait(_TIDY_SECONDS):
            try:
                self.tidy()
            except OSError as error:
                logger.warning("old files stay for now: %s", error)
