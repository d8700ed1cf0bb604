"""Opening addresses in the user's browser, unless that would take the terminal."""

from __future__ import annotations

import webbrowser
from pathlib import Path

_IN_TERMINALS = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""The browsers that :mod:`webbrowser` falls back to without a display, as over SSH."""


def open_in_window(address: str) -> bool:
    """Open an address in a browser with a window of its own; tell whether there is one."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    name = getattr(browser, "name", "")  # that of macOS has none in Python 3.10
    return Path(name).name not in _IN_TERMINALS and browser.open(address)
