"""Folder in which downloads and exported models are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder for fomm: ``$FOMM_CACHE``, else the platform's usual place."""
    import platformdirs

    chosen = os.environ.get("FOMM_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("fomm", appauthor=False))
