"""Poses compared (Section 3.4): how large they are, and which is nearest to the source's."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.motion.validity import require_finite, require_same_kind

_logger = logging.getLogger(__name__)

# A square of 1/1000 of a unit (a sixteenth of a pixel at 128 pixels): anything smaller is the
# detector's noise, and a scale computed from it would be arbitrary.
_MIN_HULL_AREA = 1e-6


def movement_scale(kp_source: Keypoints, kp_reference: Keypoints) -> float:
    """Return how much larger the source object is than the driving one.

    That is the ratio of the square roots of the areas of the keypoints' convex hulls, source
    over reference. Where either hull is degenerate (fewer than three distinct keypoints, all
    on a line, or of practically no area) the scale is 1.0 and a warning is logged.

    Raises:
        MotionError: keypoints that are not finite.
    """
    require_finite(kp_source, "source")
    require_finite(kp_reference, "reference")
    area_source, area_reference = hull_area(kp_source.value), hull_area(kp_reference.value)
    if area_source > 0 and area_reference > 0:
        return math.sqrt(area_source) / math.sqrt(area_reference)
    which = "source" if area_source == 0 else "reference"
    _logger.warning("the %s keypoints span no area: the movement scale stays 1", which)
    return 1.0


def hull_area(points: FloatArray) -> float:
    """Return the area of the convex hull of points (K, 2), 0.0 where it is degenerate.

    Degenerate means fewer than three distinct points, points on a line, or an area below
    1e-6 (the whole frame has 4). The points must be finite.
    """
    ordered = np.unique(points.astype(np.float64), axis=0)  # from left to right
    if len(ordered) < 3:
        return 0.0
    hull = np.array([*_left_turns(ordered), *_left_turns(ordered[::-1])])
    following = np.roll(hull, -1, axis=0)
    area = 0.5 * float(np.sum(hull[:, 0] * following[:, 1] - hull[:, 1] * following[:, 0]))
    return area if area >= _MIN_HULL_AREA else 0.0


def _left_turns(ordered: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """The lower half of the hull of points in their order, without its last (Andrew 1979)."""
    chain: list[npt.NDArray[np.float64]] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain[:-1]


def _turn(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], c: npt.NDArray[np.float64]
) -> float:
    """Twice the area of a triangle, above 0 where it turns left."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def best_reference(kp_source: Keypoints, driving: Iterable[Keypoints]) -> int:
    """Return the index of the driving frame whose pose is nearest to the source's.

    Keypoints are compared after normalisation: centred on their mean and divided by the
    square root of their hull's area; the distance is squared L2, and ties go to the first
    frame. Frames whose keypoints are not finite or span no area are ignored. Where the source
    itself spans no area, a warning is logged and positions are compared centred but unscaled.

    Args:
        kp_source: keypoints of the source image.
        driving: keypoints of the driving frames in order; consumed once, none is kept.

    Raises:
        MotionError: no frame can be compared, the source is not finite, or the numbers of
            keypoints differ.
    """
    require_finite(kp_source, "source")
    source_area = hull_area(kp_source.value)
    if source_area == 0:
        _logger.warning("the source keypoints span no area: poses are compared unscaled")
    target = _normalised(kp_source.value, source_area or 1.0)
    best, best_distance = -1, math.inf
    for index, keypoints in enumerate(driving):
        require_same_kind(kp_source, keypoints, "driving")
        if not keypoints.is_finite:
            continue
        area = hull_area(keypoints.value) if source_area else 1.0
        if area == 0:
            continue
        distance = float(np.square(_normalised(keypoints.value, area) - target).sum())
        if distance < best_distance:
            best, best_distance = index, distance
    if best < 0:
        raise MotionError(
            "best reference frame: expected a driving frame with keypoints that span an area, "
            "found none; choose another driving video"
        )
    return best


def _normalised(value: FloatArray, area: float) -> npt.NDArray[np.float64]:
    """Centre points (K, 2) on their mean and divide them by the square root of an area."""
    centred = value - value.mean(axis=0, dtype=np.float64)
    return np.asarray(centred / math.sqrt(area))
