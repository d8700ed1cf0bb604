"""Pictures and clips to begin with: fomm-core's samples."""

from __future__ import annotations

from fomm_core.model.samples import SAMPLE_CLIPS, SAMPLE_PICTURES

PICTURES = tuple(SAMPLE_PICTURES.values())
"""Source pictures."""

CLIPS = tuple(SAMPLE_CLIPS.values())
"""Driving videos."""

EXAMPLE_FILES = frozenset(path.resolve() for path in (*PICTURES, *CLIPS))
"""All of them; the only files outside the workspace that browsers may fetch."""
