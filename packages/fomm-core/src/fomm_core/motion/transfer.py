"""Motion transfer: which keypoints the source moves to, given those of the driving video.

Relative and absolute transfer of Section 3.4 of the paper, in numpy; the scale of the movement and
the best reference frame are those of :mod:`fomm_core.motion.pose`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.motion.validity import require_finite, require_same_kind
from fomm_core.utils.values import is_finite_number, require_choice

MotionMode = Literal["relative", "relative-values", "absolute"]
"""How driving keypoints become those of the generated frame.

``"relative"``: the source's keypoints moved and deformed as the driving ones are since the
reference frame. ``"relative-values"``: moved likewise, but the driving jacobians stay as
detected. ``"absolute"``: the driving keypoints as detected.
"""

_logger = logging.getLogger(__name__)

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
        scale: factor on relative displacements (:func:`~fomm_core.motion.pose.movement_scale`),
            positive; without effect in absolute mode.

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
        require_mode(self.mode)
        if not (is_finite_number(self.scale) and self.scale > 0):
            raise MotionError(f"movement scale: expected a positive number, found {self.scale!r}")
        require_finite(self.kp_source, "source")
        require_finite(self.kp_reference, "reference")
        require_same_kind(self.kp_source, self.kp_reference, "reference")
        if self.mode == "relative":
            product = _source_from_reference(self.kp_source.jacobian, self.kp_reference.jacobian)
            object.__setattr__(self, "_source_from_reference", product)

    def __call__(self, kp_driving: Keypoints) -> Keypoints:
        """Return the keypoints of the generated frame for those of a driving frame.

        Raises:
            MotionError: ``kp_driving`` has another number of keypoints than the source, or
                only one of the two has jacobians.
        """
        require_same_kind(self.kp_source, kp_driving, "driving")
        if self.mode == "absolute":
            return kp_driving
        displacement = (kp_driving.value - self.kp_reference.value) * np.float32(self.scale)
        jacobian = kp_driving.jacobian
        if jacobian is not None and self._source_from_reference is not None:
            jacobian = (jacobian @ self._source_from_reference).astype(np.float32)
        return Keypoints(displacement + self.kp_source.value, jacobian)


def require_mode(mode: object) -> None:
    """Check that a mode is one of :data:`MotionMode`.

    Raises:
        MotionError: it is none.
    """
    require_choice("motion mode", mode, get_args(MotionMode), MotionError)


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
