"""A web page that animates a picture with a video.

    from fomm_demo import Settings, create_app

    app = create_app(Settings(models=("vox",)))  # for any ASGI server

The names below are the public ones; they are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
