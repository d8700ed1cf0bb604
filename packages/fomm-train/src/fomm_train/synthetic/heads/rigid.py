"""Rotations, the way that head and shoulders go, and the camera.

The head turns about the neck, spread over it: each point turns by its weight, 0 on the
shoulders, 1 on the head. The shoulders then turn all of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from fomm_train.synthetic.heads.identity import Camera
from fomm_train.synthetic.heads.pose import Pose

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
AnyFloats = npt.NDArray[np.floating[Any]]

UNITS = 34.0
"""Units of the head model that fill a frame at zoom 1."""

SCALE = 2.0 / UNITS
"""Half frames a unit."""

NECK_PIVOT: Array = np.array([0.0, -3.5, -0.5])
TORSO_PIVOT: Array = np.array([0.0, -20.0, -2.0])

_HEAD_DEPTH = 2.0  # of the middle of the head, behind the tip of the nose
_FACE_DEPTH = 4.0  # where a unit has its size in the frame
_NEAR, _FAR = 45.0, 50.0


def normalized(vectors: AnyFloats) -> Array:
    """Vectors (..., 3) of length 1; those of length 0 stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(length, 1e-9)
    return unit


def smoothstep(low: float, high: float, x: AnyFloats) -> Array:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``, which may be the smaller."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    risen: Array = t * t * (3.0 - 2.0 * t)
    return risen


def neck_weight(points: AnyFloats) -> Array:
    """Share to which points (N, 3) of the template follow the head, 0 to 1."""
    depth = np.minimum(points[:, 2], 12.0)
    return smoothstep(0.0, 8.5, points[:, 1] + 0.35 * (depth - 3.0) + 14.5)


def euler(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation (3, 3): turn right, nod up, tilt clockwise, as the picture shows it (radians)."""
    cy, sy = math.cos(yaw), math.sin(yaw)
    cp, sp = math.cos(-pitch), math.sin(-pitch)
    cr, sr = math.cos(-roll), math.sin(-roll)
    turn = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    nod = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    tilt = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    rotation: Array = tilt @ turn @ nod
    return rotation


def rotated(points: Array, axis: Array, share: AnyFloats) -> Array:
    """Turn points (N, 3) about ``axis`` through the origin by a share (N,) of its length."""
    angle = float(np.linalg.norm(axis))
    if angle < 1e-6:
        return points
    unit = axis / angle
    cos, sin = np.cos(angle * share)[:, None], np.sin(angle * share)[:, None]
    along = (points @ unit)[:, None]
    turned: Array = points * cos + np.cross(unit, points) * sin + unit * along * (1.0 - cos)
    return turned


@dataclass(frozen=True, eq=False)
class Placement:
    """A person before a camera.

    Attributes:
        head: (3,) rotation vector of the head relative to the shoulders.
        torso: (3,) rotation vector of the shoulders.
        shift: (3,) of all, after the rotations.
        focal: half frames at distance 1.
        distance: of the camera from the origin, on the z axis.
    """

    head: Array
    torso: Array
    shift: Array
    focal: float
    distance: float

    def world(self, points: AnyFloats, weight: AnyFloats) -> Array:
        """Points (N, 3) of the head model before the camera; ``weight`` (N,) of the head."""
        turned = rotated(points - NECK_PIVOT, self.head, weight) + NECK_PIVOT
        whole = np.ones(len(points))
        return rotated(turned - TORSO_PIVOT, self.torso, whole) + TORSO_PIVOT + self.shift

    def project(self, world: Array, size: int) -> Array:
        """Places (N, 2) in a frame of ``size`` pixels; -1 and 1 are its outermost centres."""
        depth = self.distance - world[:, 2]
        plane = self.focal * world[:, :2] / depth[:, None] * (1.0, -1.0)
        places: Array = plane * (size / (size - 1.0))
        return places

    def depth_range(self) -> tuple[float, float]:
        """Nearest and farthest distance that is drawn."""
        return max(self.distance - _NEAR, 2.0), self.distance + _FAR


def place(camera: Camera, pose: Pose) -> Placement:
    """Place a person in a pose before its camera.

    The shift keeps the head near where it is at rest: half of what the rotations move it.
    """
    head = euler(pose.yaw, pose.pitch, pose.roll)
    torso = euler(pose.torso_yaw, pose.torso_pitch, pose.torso_roll)
    zoom = camera.zoom * pose.zoom
    focal = zoom * SCALE * (camera.distance - _FACE_DEPTH)
    neck, shoulders = (Rotation.from_matrix(m).as_rotvec() for m in (torso.T @ head, torso))
    turned = Placement(neck, shoulders, np.zeros(3), focal, camera.distance)
    middle = np.array([[0.0, camera.height, _HEAD_DEPTH]])
    x, y, z = turned.world(middle, np.ones(1))[0].tolist()
    shift = (
        0.45 * x - x + pose.x / (zoom * SCALE),
        0.35 * (y - camera.height) - y - pose.y / (zoom * SCALE),
        -0.5 * (z - _HEAD_DEPTH),
    )
    return replace(turned, shift=np.array(shift))
