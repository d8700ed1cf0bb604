"""The canonical head: the places and movements that all identities share.

Every identity is dressed on this one head. Eyes, nose and mouth sit at the same places, and
lids and lips move by the same laws; shapes, sizes and colours around them differ. This makes
the canonical head the *reference frame* of the paper: its points move by the pose alone, so
that the keypoints of a driving frame are also those of the true answer, whoever it shows.

Axes of the head: x to the right, y down, z towards the viewer, in units of half a frame; the
origin is the middle of the head. The *plane* of the face is (x, y) seen from the front.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fomm_train.synthetic.drawn.pose import Pose

Array = npt.NDArray[np.float64]

SIDES: Array = np.array([-1.0, 1.0])
"""Left and right in the picture: the factor on x."""

EYE_X, EYE_Y = 0.19, -0.05
NOSE_Y = 0.13
NOSE_DEPTH = 0.55
MOUTH_Y = 0.275
MOUTH_HALF = 0.08
"""Distance of the mouth's two keypoints from its middle."""
CHIN: tuple[float, float, float] = (0.0, 0.47, 0.24)
CROWN: tuple[float, float, float] = (0.0, -0.56, 0.0)
EAR: tuple[float, float, float] = (0.45, -0.02, 0.0)

_RADII = (0.54, 0.72, 0.45)
_LEAST_DEPTH = 0.05

_CLOSED_LID_DROP = 0.035
_WIDENING = 0.16
_WIDTH_CHANGE = 0.26
_SMILE_LIFT = 0.075
_SMILE_SPAN = 0.16
_UPPER_LIFT, _LOWER_DROP = 0.03, 0.17
_CHIN_DROP = 0.12


def depth(plane: Array) -> Array:
    """Depth z of the face's surface, an ellipsoid, at (..., 2) points of its plane."""
    rx, ry, rz = _RADII
    inside = 1.0 - (plane[..., 0] / rx) ** 2 - (plane[..., 1] / ry) ** 2
    surface: Array = rz * np.sqrt(np.maximum(inside, _LEAST_DEPTH))
    return surface


def lift(plane: Array) -> Array:
    """Points (..., 2) of the plane on the surface of the face, (..., 3)."""
    return np.concatenate([plane, depth(plane)[..., None]], axis=-1)


def slope(plane: Array) -> Array:
    """Derivative of the depth by x and y, (..., 2), at points of the plane."""
    rx, ry, rz = _RADII
    weights = np.array([(rz / rx) ** 2, (rz / ry) ** 2])
    gradient: Array = -plane * weights / depth(plane)[..., None]
    return gradient


def eye_opening(pose: Pose) -> tuple[Array, Array]:
    """Position of the lids of both eyes.

    Returns:
        ``opening``: (2,) height between the lids relative to the reference frame, 0 closed;
        ``drop``: (2,) how far the middle between the lids lies below the middle of the eye.
    """
    blink = np.array([pose.blink_left, pose.blink_right])
    return (1.0 - blink) * (1.0 + _WIDENING * pose.brow), _CLOSED_LID_DROP * blink


def mouth_stretch(pose: Pose) -> float:
    """Width of the mouth relative to the reference frame."""
    return 1.0 + _WIDTH_CHANGE * pose.mouth_width


def mouth_line(x: Array, pose: Pose) -> Array:
    """Line on which closed lips would meet: y at x."""
    line: Array = MOUTH_Y - pose.smile * _SMILE_LIFT * ((x / _SMILE_SPAN) ** 2 - 0.35)
    return line


def mouth_line_slope(x: Array, pose: Pose) -> Array:
    """Derivative of :func:`mouth_line` by x."""
    gradient: Array = -pose.smile * _SMILE_LIFT * 2.0 * x / _SMILE_SPAN**2
    return gradient


def lip_shifts(pose: Pose) -> tuple[float, float]:
    """Distance that the upper lip moves up and the lower one down, in the mouth's middle."""
    return _UPPER_LIFT * pose.mouth_open, _LOWER_DROP * pose.mouth_open


def jaw_shift(pose: Pose) -> Array:
    """Movement (3,) of the jaw when the mouth opens."""
    return np.array([0.0, _CHIN_DROP * pose.mouth_open, -0.02 * pose.mouth_open])
