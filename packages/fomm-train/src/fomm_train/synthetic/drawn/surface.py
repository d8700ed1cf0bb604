"""Patches on the head's surface, cut off at its horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fomm_train.synthetic.drawn.anatomy import Array
from fomm_train.synthetic.drawn.hulls import Layer
from fomm_train.synthetic.drawn.palette import Paint
from fomm_train.synthetic.drawn.projection import Placement

_LEAST_LEVEL = 1e-6


@dataclass(frozen=True, eq=False)
class Patch:
    """A closed curve on an ellipsoid of the head, filled with one colour.

    Attributes:
        centre, radii: (3,) the ellipsoid.
        normals: (N, 3) unit vectors; the curve's points are ``centre + radii * normal``.
    """

    colour: Paint
    layer: Layer
    centre: Array
    radii: Array
    normals: Array


def on_ellipsoid(centre: Array, radii: Array, azimuth: Array, y: Array) -> Array:
    """Unit vectors (N, 3) of the points of an ellipsoid at given angles and heights.

    Args:
        centre, radii: (3,) the ellipsoid.
        azimuth: (N,) degrees around the vertical axis; 0 is the front, 90 the right.
        y: (N,) height in the head's axes.
    """
    up = np.clip((y - centre[1]) / radii[1], -0.999, 0.999)
    level = np.sqrt(1.0 - up**2)
    angle = np.radians(azimuth)
    return np.stack([level * np.sin(angle), up, level * np.cos(angle)], axis=1)


class PatchSet:
    """Outlines of many patches at once."""

    def __init__(self, patches: Sequence[Patch]) -> None:
        normals = _stack([patch.normals for patch in patches])
        self._centres = _stack([np.tile(p.centre, (len(p.normals), 1)) for p in patches])
        self._radii = _stack([np.tile(p.radii, (len(p.normals), 1)) for p in patches])
        self._azimuth = np.arctan2(normals[:, 0], normals[:, 2])
        self._height = normals[:, 1]
        self._level = np.maximum(np.sqrt(1.0 - self._height**2), _LEAST_LEVEL)

    def outlines(self, head: Placement) -> Array:
        """The curves of all patches in the frame, one after the other, (N, 2).

        Points beyond the horizon are turned, at their height, to where they meet it.
        """
        away = head.toward / self._radii
        middle = np.arctan2(away[:, 0], away[:, 2])
        tilt = -self._height * away[:, 1] / (self._level * np.hypot(away[:, 0], away[:, 2]))
        horizon = np.arccos(np.clip(tilt, -1.0, 1.0))
        turn = (self._azimuth - middle + np.pi) % (2.0 * np.pi) - np.pi
        azimuth = middle + np.clip(turn, -horizon, horizon)
        across, deep = self._level * np.sin(azimuth), self._level * np.cos(azimuth)
        normals = np.stack([across, self._height, deep], axis=1)
        return head.project(self._centres + self._radii * normals)


def _stack(arrays: Sequence[Array]) -> Array:
    return np.concatenate(arrays) if arrays else np.zeros((0, 3))
