"""The sample that comes with the package: rendered people with true answers."""

from __future__ import annotations

from pathlib import Path

HEADS = Path(__file__).parent / "assets" / "heads"
"""A benchmark of 18 rendered people, 256x256, each moved like another one in 5 ways.

The layout is that of :mod:`fomm_core.benchmark_format`. No model may be trained on them.
"""
