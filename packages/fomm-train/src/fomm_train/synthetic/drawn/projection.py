"""From the axes of head and body to the frame: rotation, scale, shift; no perspective."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fomm_train.synthetic.drawn.anatomy import Array
from fomm_train.synthetic.drawn.pose import Pose

HEAD_SIZE = 1.14
"""Size of the head in the reference frame, relative to its own units."""

_HEAD_PLACE = np.array([0.0, -0.06])
_BODY_PLACE = np.array([0.0, 0.615])
_NECK_PIVOT = np.array([0.0, 0.34, -0.08])
_ORIGIN = np.zeros(3)

# The body follows the head, but less.
_BODY_TURN, _BODY_TILT, _BODY_SHIFT, _BODY_SCALE = 0.35, 0.22, 0.55, 0.6


@dataclass(frozen=True, eq=False)
class Placement:
    """A rigid part in the frame.

    Attributes:
        linear: (2, 3) from the part's axes to the frame.
        offset: (2,) where the part's origin comes to lie.
        toward: (3,) unit vector, in the part's axes, that points to the viewer.
        pivot: (3,) the point that rotation and scale leave in place.
    """

    linear: Array
    offset: Array
    toward: Array
    pivot: Array

    def project(self, points: Array) -> Array:
        """Points (..., 3) of the part in the frame, (..., 2)."""
        projected: Array = points @ self.linear.T + self.offset
        return projected

    def nearness(self, points: Array) -> Array:
        """Distance of points (..., 3) in front of the pivot, seen from the viewer."""
        near: Array = (points - self.pivot) @ self.toward
        return near


def rotation(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation (3, 3): first the turn, then the nod, then the tilt (radians)."""
    cy, sy = math.cos(yaw), math.sin(yaw)
    cp, sp = math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    turn = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    nod = np.array([[1.0, 0.0, 0.0], [0.0, cp, sp], [0.0, -sp, cp]])
    tilt = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    rotated: Array = tilt @ nod @ turn
    return rotated


def place_head(pose: Pose) -> Placement:
    """The head, which turns about the neck."""
    turned = rotation(pose.yaw, pose.pitch, pose.roll)
    shift = np.array([pose.x, pose.y])
    return _placement(turned, HEAD_SIZE * pose.scale, _HEAD_PLACE + shift, _NECK_PIVOT)


def place_body(pose: Pose) -> Placement:
    """The body, whose origin is the pit of the throat."""
    turned = rotation(_BODY_TURN * pose.yaw, 0.0, _BODY_TILT * pose.roll)
    scale = 1.0 + _BODY_SCALE * (pose.scale - 1.0)
    shift = np.array([pose.x, pose.y]) * _BODY_SHIFT
    return _placement(turned, scale, _BODY_PLACE + shift, _ORIGIN)


def _placement(turned: Array, scale: float, place: Array, pivot: Array) -> Placement:
    linear = scale * turned[:2]
    return Placement(linear, place + pivot[:2] - linear @ pivot, turned[2], pivot)
