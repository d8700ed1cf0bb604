"""Motion transfer: which keypoints the source moves to, given those of the driving video.

Everything here is Section 3.4 of the paper, in numpy: relative and absolute transfer, the
adaption of the movement's scale, and the search for the best reference frame.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray, Keypoints

MotionMode = Literal["relative", "relative-values", "absolute"]
"""How driving keypoints become those of the generated frame.

``"relative"``: the source's keypoints moved and deformed as the driving ones are since the
reference frame. ``"relative-values"``: moved likewise, but the driving jacobians stay as
detected. ``"absolute"``: the driving keypoints as detected.
"""

_logger = logging.getLogger(__name__)

# A square of 1/1000 of a unit (a sixteenth of a pixel at 128 pixels): anything smaller is the
# detector's noise, and a scale computed from it would be arbitrary.
_MIN_HULL_AREA = 1e-6
# Jacobians are float32: beyond this ratio of singular values the inverse is rounding error.
_SINGULAR_RATIO = 1e-6


@dataclass(frozen=True, eq=False)
class MotionTransfer:
    """Maps the keypoints of a driving frame to those that the source moves to.

    With S the source, R the reference (driving) frame and D the driving frame, the relative
    transfer is ``value = (D - R) * scale + S`` and ``J = J_D . inv(J_R) . J_S``. Singular
    reference jacobians are replaced by their pseudo-inverse, with one logged warning.

    Attributes:
        kp_source: keypoints of the source image.
        kp_reference: keypoints of the driving frame whose pose is that of the source,
            usually the first; without effect in absolute mode.
        mode: see :data:`MotionMode`.
        scale: factor on relative displacements (:func:`movement_scale`), positive; without
            effect in absolute mode.

    Raises:
        MotionError: an unknown mode, a scale that is not positive and finite, keypoints that
            are not finite, or source and reference of different models.
    """

    kp_source: Keypoints
    kp_reference: Keypoints
    mode: MotionMode = "relative"
    scale: float = 1.0
    _source_from_reference: npt.NDArray[np.float64] | None = field(
        init=False, repr=False, default=None
    )

    def __post_init__(self) -> None:
        if self.mode not in get_args(MotionMode):
            expected = ", ".join(get_args(MotionMode))
            raise MotionError(f"motion mode: expected one of {expected}, found {self.mode!r}")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise MotionError(f"movement scale: expected a positive number, found {self.scale}")
        _require_finite(self.kp_source, "source")
        _require_finite(self.kp_reference, "reference")
        _require_same_kind(self.kp_source, self.kp_reference, "reference")
        if self.mode == "relative":
            product = _source_from_reference(self.kp_source.jacobian, self.kp_reference.jacobian)
            object.__setattr__(self, "_source_from_reference", product)

    def __call__(self, kp_driving: Keypoints) -> Keypoints:
        """Return the keypoints of the generated frame for those of a driving frame.

        Raises:
            MotionError: ``kp_driving`` has another number of keypoints than the source, or
                only one of the two has jacobians.
        """
        _require_same_kind(self.kp_source, kp_driving, "driving")
        if self.mode == "absolute":
            return kp_driving
        displacement = (kp_driving.value - self.kp_reference.value) * np.float32(self.scale)
        jacobian = kp_driving.jacobian
        if jacobian is not None and self._source_from_reference is not None:
            jacobian = (jacobian @ self._source_from_reference).astype(np.float32)
        return Keypoints(displacement + self.kp_source.value, jacobian)


def movement_scale(kp_source: Keypoints, kp_reference: Keypoints) -> float:
    """Return how much larger the source object is than the driving one.

    That is the ratio of the square roots of the areas of the keypoints' convex hulls, source
    over reference. Where either hull is degenerate (fewer than three distinct keypoints, all
    on a line, or of practically no area) the scale is 1.0 and a warning is logged.

    Raises:
        MotionError: keypoints that are not finite.
    """
    _require_finite(kp_source, "source")
    _require_finite(kp_reference, "reference")
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
    _require_finite(kp_source, "source")
    source_area = hull_area(kp_source.value)
    if source_area == 0:
        _logger.warning("the source keypoints span no area: poses are compared unscaled")
    target = _normalised(kp_source.value, source_area or 1.0)
    best, best_distance = -1, math.inf
    for index, keypoints in enumerate(driving):
        _require_same_kind(kp_source, keypoints, "driving")
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


class HoldLastValid:
    """Replaces keypoints that are not finite by the last good ones of the same run.

    The first replacement logs a warning, later ones only count.

    Attributes:
        held: number of frames replaced so far.
    """

    def __init__(self) -> None:
        self.held = 0
        self._last: Keypoints | None = None
        self._index = 0

    def __call__(self, keypoints: Keypoints) -> Keypoints:
        """Return ``keypoints`` if they are finite, else the last ones that were.

        Raises:
            MotionError: the run starts with keypoints that are not finite.
        """
        index, self._index = self._index, self._index + 1
        if keypoints.is_finite:
            self._last = keypoints
            return keypoints
        if self._last is None:
            raise _not_finite(f"driving frame {index}")
        if self.held == 0:
            _logger.warning("driving frame %d: keypoints not finite, holding the last ones", index)
        self.held += 1
        return self._last


def _normalised(value: FloatArray, area: float) -> npt.NDArray[np.float64]:
    """Centre points (K, 2) on their mean and divide them by the square root of an area."""
    centred = value - value.mean(axis=0, dtype=np.float64)
    return np.asarray(centred / math.sqrt(area))


def _source_from_reference(
    source: FloatArray | None, reference: FloatArray | None
) -> npt.NDArray[np.float64] | None:
    """Return ``inv(J_R) . J_S`` (K, 2, 2) in float64, pseudo-inverse where J_R is singular."""
    if source is None or reference is None:
        return None
    exact = reference.astype(np.float64)
    singular_values = np.linalg.svd(exact, compute_uv=False)
    singular = singular_values[:, 1] <= _SINGULAR_RATIO * singular_values[:, 0]
    if singular.any():
        names = ", ".join(str(index) for index in np.flatnonzero(singular))
        _logger.warning("singular reference jacobians: pseudo-inverse for keypoints %s", names)
    product: npt.NDArray[np.float64] = np.linalg.pinv(exact, rcond=_SINGULAR_RATIO) @ source
    return product


def _require_finite(keypoints: Keypoints, role: str) -> None:
    if not keypoints.is_finite:
        raise _not_finite(role)


def _not_finite(role: str) -> MotionError:
    return MotionError(
        f"{role} keypoints: expected finite numbers, found NaN or infinity; "
        "the model's parameters may be damaged"
    )


def _require_same_kind(source: Keypoints, other: Keypoints, role: str) -> None:
    if len(source) != len(other):
        raise MotionError(
            f"{role} keypoints: expected {len(source)} as in the source, found {len(other)}; "
            "source and driving must come from the same model"
        )
    if (source.jacobian is None) != (other.jacobian is None):
        expected = "no jacobians" if source.jacobian is None else "jacobians"
        raise MotionError(
            f"{role} keypoints: expected {expected} as in the source; "
            "source and driving must come from the same model"
        )
