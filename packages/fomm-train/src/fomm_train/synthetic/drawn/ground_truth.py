"""The truth about a frame: keypoints, jacobians and regions, from the geometry that is drawn.

All of it follows from the pose alone, see :mod:`~fomm_train.synthetic.drawn.anatomy`: two
avatars in the same pose have the same keypoints, which is what makes the keypoints of a driving
frame right for any source.
"""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_train.synthetic.drawn.anatomy import (
    CHIN,
    CROWN,
    EAR,
    EYE_X,
    EYE_Y,
    MOUTH_HALF,
    NOSE_DEPTH,
    NOSE_Y,
    SIDES,
    Array,
    eye_opening,
    jaw_shift,
    lift,
    lip_shifts,
    mouth_line,
    mouth_line_slope,
    mouth_stretch,
    slope,
)
from fomm_train.synthetic.drawn.pose import NEUTRAL, Pose
from fomm_train.synthetic.drawn.projection import place_body, place_head

KEYPOINT_NAMES = (
    "eye_left",
    "eye_right",
    "mouth_left",
    "mouth_right",
    "nose",
    "chin",
    "crown",
    "ear_left",
    "ear_right",
    "throat",
)
"""What the keypoints are, in order; left and right as the picture shows them.

Eyes and mouth halves lie midway between the lids and lips, and their jacobians carry how far
these are apart: that is how blinking and speaking are seen in first-order motion.
"""

MIRRORED = np.array([1, 0, 3, 2, 4, 5, 6, 8, 7, 9])
"""Which keypoint takes the place of each in a mirror."""

# A closed eye is still a line of lashes, and closed lips have a thickness: jacobians stay
# invertible.
_LASHES = 0.15
_LIPS = 0.09
_GAPE = 0.84
"""Opening at the mouth's keypoints relative to its middle."""

_FLAT = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
_THROAT = np.zeros(3)


def true_keypoints(pose: Pose) -> Keypoints:
    """The ten keypoints (:data:`KEYPOINT_NAMES`) of an avatar in a pose, as a record."""
    return Keypoints(*keypoint_arrays(pose))


def keypoint_arrays(pose: Pose) -> tuple[FloatArray, FloatArray]:
    """The ten keypoints (:data:`KEYPOINT_NAMES`) of an avatar in a pose.

    Returns:
        ``value``: (10, 2) float32, x first, -1 and 1 are the centres of the outermost pixels;
        ``jacobian``: (10, 2, 2) float32 from the reference frame, which is
        :data:`~fomm_train.synthetic.drawn.pose.NEUTRAL`, to the frame: scale, tilt,
        foreshortening by turn and nod, and the opening of eyes and mouth. It is always invertible.
    """
    value, jacobian = _geometry(pose)
    return value.astype(np.float32), (jacobian @ _FROM_REFERENCE).astype(np.float32)


def _geometry(pose: Pose) -> tuple[Array, Array]:
    """Keypoints (10, 2) and derivatives (10, 2, 2) by the plane of face or body."""
    head, body = place_head(pose), place_body(pose)
    eyes, eye_moves = _eyes(pose)
    mouth, mouth_moves = _mouth(pose)
    plane = np.concatenate([eyes, mouth])
    tangents = np.tile(_FLAT, (9, 1, 1))
    tangents[:4, 2] = slope(plane)
    tangents[:4] = tangents[:4] @ np.concatenate([eye_moves, mouth_moves])
    rigid = np.array(
        [
            (0.0, NOSE_Y, NOSE_DEPTH),
            CHIN + jaw_shift(pose),
            CROWN,
            SIDES[0] * np.array(EAR) * (1.0, -1.0, -1.0),
            EAR,
        ]
    )
    value = head.project(np.concatenate([lift(plane), rigid]))
    jacobian = np.concatenate([head.linear @ tangents, [body.linear @ _FLAT]])
    return np.concatenate([value, [body.project(_THROAT)]]), jacobian


def _eyes(pose: Pose) -> tuple[Array, Array]:
    """Middles between the lids (2, 2) and how the eyes are squeezed (2, 2, 2)."""
    opening, drop = eye_opening(pose)
    moves = np.tile(np.eye(2), (2, 1, 1))
    moves[:, 1, 1] = _LASHES + (1.0 - _LASHES) * opening
    return np.stack([SIDES * EYE_X, EYE_Y + drop], axis=1), moves


def _mouth(pose: Pose) -> tuple[Array, Array]:
    """Middles between the lips (2, 2) and how both halves are stretched (2, 2, 2)."""
    stretch, (up, down) = mouth_stretch(pose), lip_shifts(pose)
    x = SIDES * MOUTH_HALF * stretch
    y = mouth_line(x, pose) + 0.5 * _GAPE * (down - up)
    moves = np.tile(np.eye(2), (2, 1, 1))
    moves[:, 0, 0] = stretch
    moves[:, 1, 0] = mouth_line_slope(x, pose) * stretch
    moves[:, 1, 1] = 1.0 + _GAPE * (up + down) / _LIPS
    return np.stack([x, y], axis=1), moves


_FROM_REFERENCE: Array = np.linalg.inv(_geometry(NEUTRAL)[1])
