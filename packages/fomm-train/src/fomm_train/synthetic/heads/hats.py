"""Hats, made on a grid of directions around the skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.mesh import (
    Mesh,
    facing,
    grid_triangles,
    make_mesh,
    vertex_normals,
)
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.rigid import AnyFloats, Array, neck_weight, normalized, smoothstep

_CENTRE: Array = np.array([0.0, 5.0, 0.6])
_OUTWARD_FROM: Array = np.array([0.0, 4.0, 0.0])
_FILLINGS = 20


@dataclass(frozen=True)
class _Grid:
    """A grid of directions: ``rows`` from the top down to ``reach`` radians, ``columns`` around.

    Attributes:
        tilt: backwards, in radians.
        smoothing: sigma in cells.
        offset: of the hat from the skull.
    """

    rows: int
    columns: int
    reach: float
    tilt: float
    smoothing: float
    offset: float

    def directions(self) -> Array:
        """Unit vectors (rows, columns, 3)."""
        down = np.linspace(0, self.reach, self.rows)[:, None]
        around = np.linspace(-np.pi, np.pi, self.columns, endpoint=False)[None]
        x, z = np.sin(down) * np.sin(around), np.sin(down) * np.cos(around)
        directions: Array = np.stack([x, np.cos(down) + 0 * around, z], axis=-1) @ self.rotation()
        return directions

    def rotation(self) -> Array:
        """Backwards tilt (3, 3)."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def make_hat(style: str, model: HeadModel, neutral: FloatArray, draw: Draw) -> list[Mesh]:
    """The parts of a hat on an identity's head.

    Args:
        style: ``"beanie"``, ``"cap"``, ``"band"`` or ``"hijab"``.
        model: of the head.
        neutral: its vertices.
        draw: shape and seat.
    """
    grid = _grid(style, draw)
    radius = _smooth(_radii(grid, neutral[: model.skin_count]), grid.smoothing) + grid.offset
    if style == "beanie":
        down = np.linspace(0, grid.reach, grid.rows)[:, None]
        top = draw.uniform(0, 2.5) * np.exp(-((down / 0.5) ** 2))
        radius = radius + top + 0.35 * (down > 0.8 * grid.reach)
    points = grid.directions() * radius[..., None] + _CENTRE
    if style == "band":
        points = points[-7:]
    if style == "hijab":
        return [_cloth(_opened(_draped(points), model, neutral))]
    hat = [_cloth(points)]
    return [*hat, _brim(points[-1], draw)] if style == "cap" else hat


def _grid(style: str, draw: Draw) -> _Grid:
    if style == "hijab":
        return _Grid(34, 72, 2.25, 0.05, 3.0, 0.75)
    reach = draw.uniform(1.42, 1.62) if style == "beanie" else 1.5
    tilt = draw.uniform(0.05, 0.2)
    offset = {"cap": 0.55, "band": 0.75}.get(style) or draw.uniform(0.5, 1.0)
    return _Grid(22, 48, reach, tilt, 2.0, offset)


def _radii(grid: _Grid, skin: FloatArray) -> Array:
    """Largest distance of the skin in each cell, (rows, columns)."""
    points = (skin[skin[:, 1] > -3] - _CENTRE) @ grid.rotation().T
    radius = np.linalg.norm(points, axis=1)
    down = np.arccos(np.clip(points[:, 1] / radius, -1, 1))
    around = np.arctan2(points[:, 0], points[:, 2])
    inside = down < grid.reach
    row = np.minimum((down / grid.reach * grid.rows).astype(int), grid.rows - 1)
    column = ((around / (2 * np.pi) + 0.5) * grid.columns).astype(int) % grid.columns
    radii = np.zeros((grid.rows, grid.columns))
    np.maximum.at(radii, (row[inside], column[inside]), radius[inside])
    for _ in range(_FILLINGS):
        radii = _filled(radii)
    return radii


def _filled(radii: Array) -> Array:
    """Empty cells get the mean of their neighbours."""
    below, above = np.vstack([radii[1:], radii[-1:]]), np.vstack([radii[:1], radii[:-1]])
    near = np.stack([above, below, np.roll(radii, 1, axis=1), np.roll(radii, -1, axis=1)])
    known = (near > 0).sum(axis=0)
    filled: Array = np.where(
        (radii == 0) & (known > 0), near.sum(axis=0) / np.maximum(known, 1), radii
    )
    return filled


def _smooth(radii: Array, sigma: float) -> Array:
    smooth = gaussian_filter1d(radii, sigma, axis=0, mode="mirror")
    smooth = gaussian_filter1d(smooth, sigma, axis=1, mode="wrap")
    radii = np.maximum(smooth, 0.6 * smooth + 0.4 * radii)
    radii[:3] = radii[:3].mean() * 0.5 + 0.5 * radii[:3]
    return radii


def _draped(points: Array) -> Array:
    """The grid goes on below the head, down to the shoulders."""
    low, columns = points[-1], points.shape[1]
    around = np.linspace(-np.pi, np.pi, columns, endpoint=False)
    sin, cos, ones = np.sin(around), np.cos(around), np.ones(columns)
    shoulders = np.stack([sin * 12.5, -19.0 * ones, cos * 8 - 1.5], axis=-1)
    throat = np.stack([sin * 7.6, -8.5 * ones, cos * 7.2 + 0.8], axis=-1)
    t = np.linspace(0, 1, 9)[1:, None, None]
    drape = (1 - t) ** 2 * low + 2 * t * (1 - t) * throat + t**2 * shoulders
    return np.concatenate([points, drape])


def _opened(points: Array, model: HeadModel, neutral: FloatArray) -> Array:
    """Cloth around the face lies on it."""
    flat = points.reshape(-1, 3).copy()
    face = neutral[: model.skin_count][model.assets.vertices[: model.skin_count, 2] > 3]
    edge = (flat[:, 0] / 6.9) ** 2 + ((flat[:, 1] - 0.9) / 8.7) ** 2
    near = (edge < 1.9) & (flat[:, 2] > 1)
    distance, index = cKDTree(face[:, :2]).query(flat[near][:, :2], k=6)
    lying = np.where(distance < 1.2, face[index][..., 2], -9).max(axis=1) + 0.22
    share, z = smoothstep(1.9, 1.1, edge[near]), flat[near, 2]
    moved = z * (1 - share) + np.maximum(lying, z - 4) * share
    flat[near, 2] = np.where(lying > -5, moved, z)
    return flat.reshape(points.shape)


def _brim(rim: Array, draw: Draw) -> Mesh:
    """The brim of a cap, from above and from below."""
    columns = len(rim)
    angle = np.linspace(-1.15, 1.15, 25)
    edge = rim[np.round((angle / (2 * np.pi) + 0.5) * columns).astype(int) % columns]
    out = np.linspace(0, 1, 7)[:, None, None]
    length = draw.uniform(4, 6) * np.cos(angle * 1.25)[None, :, None]
    bow = (1 - np.cos(angle))[None, :, None] * out * 1.2
    brim = edge[None] + out * length * (0, -0.22, 1.0) - np.array([0, 1, 0]) * bow
    brim = brim + np.array([0, 0.05, 0])
    return _cloth(np.concatenate([brim, brim[::-1] - (0, 0.25, 0)]), closed=False, neck=1.0)


def _cloth(points: Array, *, closed: bool = True, neck: AnyFloats | float | None = None) -> Mesh:
    """A mesh of a grid of points (rows, columns, 3)."""
    rows, columns, _ = points.shape
    flat, triangles = points.reshape(-1, 3), grid_triangles(rows, columns, closed=closed)
    outward = normalized(flat - _OUTWARD_FROM)
    down = np.broadcast_to(np.linspace(0, 1, rows)[:, None], (rows, columns))
    around = np.broadcast_to(np.linspace(0, 1, columns, endpoint=False), (rows, columns))
    return make_mesh(
        flat,
        facing(vertex_normals(flat, triangles), outward),
        triangles,
        neck=neck_weight(flat) if neck is None else neck,
        tangents=np.broadcast_to(np.array([0.0, 1.0, 0.0]), flat.shape),
        along=down.ravel(),
        across=around.ravel(),
    )
