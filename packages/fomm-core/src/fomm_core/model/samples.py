"""The samples that come with the package: portraits and driving clips, drawn by code."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "assets" / "samples"

SAMPLE_PICTURES = {
    name: _FOLDER / f"{name}.png"
    for name in ("ada", "kim", "leo", "max", "nia", "red", "sam", "zoe")
}
"""Portraits by name, 128x128, all in the pose in which the clips begin."""

SAMPLE_CLIPS = {name: _FOLDER / f"{name}.mp4" for name in ("talk", "turn", "moods")}
"""Driving clips by name, 128x128, 3 or 4 s at 25 frames per second; ``talk`` has sound."""

SAMPLE_SOURCE = SAMPLE_PICTURES["ada"]
"""The portrait that is animated where none is named."""

SAMPLE_DRIVING = SAMPLE_CLIPS["talk"]
"""The clip that drives where none is named: another portrait speaks and moves its head."""
