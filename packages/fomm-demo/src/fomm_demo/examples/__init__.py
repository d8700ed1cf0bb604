"""Pictures and clips to begin with; portraits drawn by code."""

from __future__ import annotations

from pathlib import Path

from fomm_core.sample import SAMPLE_DRIVING, SAMPLE_SOURCE

_FOLDER = Path(__file__).parent

PICTURES = (*(_FOLDER / f"{name}.png" for name in ("kim", "leo", "red", "ada")), SAMPLE_SOURCE)
"""Source pictures."""

CLIPS = (_FOLDER / "talk.mp4", SAMPLE_DRIVING)
"""Driving videos."""

EXAMPLE_FILES = frozenset(path.resolve() for path in (*PICTURES, *CLIPS))
"""All of them; the only files outside the workspace that browsers may fetch."""
