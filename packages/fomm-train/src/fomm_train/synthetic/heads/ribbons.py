"""Strands of hair as flat ribbons of triangles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.mesh import Mesh, make_mesh
from fomm_train.synthetic.heads.rigid import Array, normalized


@dataclass(frozen=True, eq=False)
class Strands:
    """N strands of S points.

    Attributes:
        points: (N, S, 3).
        outward: (N, S, 3) unit vectors.
        width: (N, S), half of the ribbons'.
        along: (S,), place on the strand from the root (0) to the tip (1).
        random: (N,) in [0, 1], by which strands differ.
        twist: (N, 1, 1), turn of the ribbons about themselves.
        bend: how much normals differ across a ribbon, as on something round.
    """

    points: Array
    outward: Array
    width: Array
    along: Array
    random: Array
    twist: Array | float = 0.0
    bend: float = 0.5


def ribbons(strands: Strands, weight: Callable[[Array], Array]) -> Mesh:
    """Make ribbons of strands.

    Args:
        strands: their middle lines.
        weight: how far points (M, 3) follow the head, (M,).
    """
    points, outward = strands.points, strands.outward
    count, length, _ = points.shape
    tangent = normalized(np.gradient(points, axis=1))
    side = normalized(np.cross(tangent, outward) + 1e-6)
    side = normalized(side + outward * strands.twist)
    half = side * strands.width[..., None]
    edges = np.stack([points - half, points + half], axis=2)
    bent = side * strands.bend
    normals = np.stack([normalized(outward - bent), normalized(outward + bent)], axis=2)
    shape = count, length, 2
    positions = edges.reshape(-1, 3)
    return make_mesh(
        positions,
        normals.reshape(-1, 3),
        _triangles(count, length),
        neck=weight(positions),
        tangents=np.stack([tangent, tangent], axis=2).reshape(-1, 3),
        along=np.broadcast_to(strands.along[None, :, None], shape).ravel(),
        random=np.broadcast_to(strands.random[:, None, None], shape).ravel(),
        across=np.broadcast_to(np.array([0.0, 1.0]), shape).ravel(),
    )


def _triangles(count: int, length: int) -> IntArray:
    """Two triangles for each segment of each ribbon."""
    starts = np.arange(count)[:, None] * length + np.arange(length - 1)[None]
    base = 2 * starts.ravel()
    first = np.stack([base, base + 1, base + 2], axis=-1)
    second = np.stack([base + 1, base + 3, base + 2], axis=-1)
    triangles: IntArray = np.concatenate([first, second]).astype(np.int32)
    return triangles
