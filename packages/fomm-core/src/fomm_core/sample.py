"""The sample that comes with the package: a portrait and a driving clip, drawn by code."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "models" / "sample"

SAMPLE_SOURCE = _FOLDER / "source.png"
"""A portrait, 128x128."""

SAMPLE_DRIVING = _FOLDER / "driving.mp4"
"""Another portrait that moves its head and speaks, 128x128, 3 s at 25 frames per second."""
