"""Options of a live session."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fomm_core.errors import FommError

SMALLEST_GAIN, LARGEST_GAIN = 0.2, 4.0


@dataclass(frozen=True)
class LiveOptions:
    """Options of a live session that may change while it runs.

    Attributes:
        gain: factor on the movements, 0.2 to 4; without effect on absolute motion.
        mirror: take the camera's frames as a mirror shows them.
        smooth: smooth the keypoints against jitter, by the One Euro filter.
        search_seconds: how long a reference is looked for, 0.1 to 60.

    Raises:
        FommError: a number outside of its range.
    """

    gain: float = 1.0
    mirror: bool = False
    smooth: bool = True
    search_seconds: float = 2.0

    def __post_init__(self) -> None:
        _require_within("gain", self.gain, SMALLEST_GAIN, LARGEST_GAIN)
        _require_within("search_seconds", self.search_seconds, 0.1, 60.0)


def _require_within(name: str, value: float, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and least <= value <= most):
        raise FommError(f"{name}: expected a number from {least:g} to {most:g}, found {value!r}")
