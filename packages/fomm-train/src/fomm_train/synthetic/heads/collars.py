"""Collars of shirts and hoods of hoodies."""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.mesh import Mesh, facing, grid_triangles, make_mesh, vertex_normals
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.rigid import Array, normalized, smoothstep

_COLUMNS = 40
_HOOD_ROUND = 9


def make_collar(model: HeadModel, neutral: FloatArray, draw: Draw) -> Mesh:
    """Band and flaps of a shirt's collar, open in front."""
    angle = np.linspace(-np.pi + 0.001, np.pi, _COLUMNS)
    radius, middle = _neck_radius(model, neutral, angle)
    grid = _collar_rows(angle, radius, middle)
    gap = np.abs(angle) < draw.uniform(0.10, 0.3)
    triangles = grid_triangles(len(grid), _COLUMNS, closed=False)
    triangles = triangles[~gap[triangles % _COLUMNS].any(axis=1)]
    points = grid.reshape(-1, 3)
    outward = normalized(points * (1, 0, 1) - (0, -3, middle))
    return make_mesh(
        points,
        facing(vertex_normals(points, triangles), outward),
        triangles,
        neck=_following(points, -14.5, -8, 0.35),
        tangents=points,
        along=_following(points, -14.5, -8, 0.35),
        random=1.0,
    )


def _neck_radius(model: HeadModel, neutral: FloatArray, angle: Array) -> tuple[Array, float]:
    """Radius of the neck in each direction, and the place of its middle in depth."""
    skin, (x, y, z) = neutral[: model.skin_count], model.assets.vertices[: model.skin_count].T
    around = (np.abs(y + 0.35 * (z - 3) + 9.6) < 1) & (z < 6.5) & (np.abs(x) < 8)
    neck = skin[around][:, [0, 2]]
    middle = float(neck[:, 1].mean())
    directions = np.stack([np.sin(angle), np.cos(angle)])
    radius = ((neck - (0, middle)) @ directions).max(axis=0) + 0.3
    padded = np.concatenate([radius[-4:], radius, radius[:4]])
    smooth: Array = np.convolve(padded, np.ones(5) / 5, "same")[4:-4]
    return smooth, middle


def _collar_rows(angle: Array, radius: Array, middle: float) -> Array:
    """Rows (5, 40, 3) from the bottom of the band over its fold to the edge of the flaps."""
    sin, cos = np.sin(angle), np.cos(angle)
    front = np.exp(-((angle / 0.55) ** 2))
    back = 1.2 * (1 - np.clip(np.abs(angle) / np.pi, 0, 1))

    def row(x: Array, y: Array, z: Array) -> Array:
        return np.stack([sin * x, y, cos * z + middle], axis=-1)

    lift: Array = np.array([0, 0, 0.2])
    top = row(radius * 0.97, -9.6 - 2.9 * front - back, radius * 0.97) + lift
    fold = row(radius + 0.35, -9.5 - 2.9 * front - back, radius + 0.35) + lift
    points = 2.6 * np.exp(-(((np.abs(angle) - 0.5) / 0.45) ** 2))
    low = row(radius + 0.85, -12.0 - points, radius + 0.75) + lift
    bottom = row(radius, -13.6 - 2 * front, radius)
    return np.stack([bottom, top, fold, (fold + low) / 2 + (0, 0, 0.15), low])


def make_hood() -> Mesh:
    """A hood that lies around the neck."""
    angle = np.linspace(-np.pi, np.pi, _COLUMNS)
    sin, cos = np.sin(angle), np.cos(angle)
    front = 0.5 + 0.5 * cos
    spine = np.stack([sin * 8.2, -11.5 - 3.6 * front**2, cos * 6.3 - 0.5], axis=-1)
    thickness = (1.9 - 0.9 * front)[:, None]
    outward = np.stack([sin, 0 * angle, cos], axis=-1)
    turns = np.linspace(0, 2 * np.pi, _HOOD_ROUND)
    rows = [np.cos(t) * outward + np.sin(t) * np.array([0, 1.3, 0]) for t in turns]
    points = np.concatenate([spine + thickness * row for row in rows])
    triangles = grid_triangles(_HOOD_ROUND, _COLUMNS, closed=False)
    neck = _following(points, -15, -7, 0.3)
    normals = normalized(points - np.tile(spine, (_HOOD_ROUND, 1)))
    return make_mesh(points, normals, triangles, neck=neck, tangents=points, along=neck)


def _following(points: Array, low: float, high: float, most: float) -> Array:
    """Share to which points follow the head, by their height."""
    return smoothstep(low, high, points[:, 1]) * most
