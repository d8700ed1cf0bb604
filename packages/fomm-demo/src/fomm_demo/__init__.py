"""A web page that animates a picture with a video.

    from fomm_demo import Settings, create_app

    app = create_app(Settings(models=("vox",)))  # for any ASGI server

The names below are the public ones; they are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fomm_core.utils.lazy import import_name
from fomm_demo._version import __version__

if TYPE_CHECKING:
    from fomm_demo.settings import Account, Limits, Settings
    from fomm_demo.web.factory import create_app

_HOME = {
    "Account": "settings",
    "Limits": "settings",
    "Settings": "settings",
    "create_app": "web.factory",
}

__all__ = ["Account", "Limits", "Settings", "__version__", "create_app"]


def __getattr__(name: str) -> Any:
    return import_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
