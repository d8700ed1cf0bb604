"""Meshes of hair, hats, clothes and glasses, as the GPU takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.rigid import AnyFloats, Array, normalized


@dataclass(frozen=True, eq=False)
class Mesh:
    """A surface that moves with head and shoulders.

    Attributes:
        positions, normals: (N, 3) float32.
        tangents: (N, 3) float32, along the strands of hair; of clothes, their place on the
            template.
        attributes: (N, 4) float32: place along a strand from the root (0 to 1), a random
            number or flag, place across a strand, and how far the vertex follows the head.
        triangles: (F, 3) int32.
    """

    positions: FloatArray
    normals: FloatArray
    tangents: FloatArray
    attributes: FloatArray
    triangles: IntArray


def make_mesh(
    positions: AnyFloats,
    normals: AnyFloats,
    triangles: AnyFloats | IntArray,
    *,
    neck: AnyFloats | float,
    tangents: AnyFloats | None = None,
    along: AnyFloats | float = 0.0,
    random: AnyFloats | float = 0.0,
    across: AnyFloats | float = 0.0,
) -> Mesh:
    """Put a mesh together; attributes as of :class:`Mesh`, of any float type.

    Args:
        positions, normals: (N, 3).
        triangles: (F, 3), numbers of vertices.
        neck: (N,), how far each vertex follows the head, 0 to 1; one number holds for all.
        tangents: (N, 3); zeros where there are none.
        along, random, across: (N,), or one number for all.
    """
    count = len(positions)
    columns = [np.broadcast_to(column, count) for column in (along, random, across, neck)]
    return Mesh(
        positions.astype(np.float32),
        normals.astype(np.float32),
        (np.zeros((count, 3)) if tangents is None else tangents).astype(np.float32),
        np.stack(columns, axis=-1).astype(np.float32),
        triangles.astype(np.int32),
    )


def joined(meshes: list[Mesh]) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.positions) for mesh in meshes[:-1])])
    triangles = [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]
    return Mesh(
        np.concatenate([mesh.positions for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.tangents for mesh in meshes]),
        np.concatenate([mesh.attributes for mesh in meshes]),
        np.concatenate(triangles).astype(np.int32),
    )


def vertex_normals(positions: AnyFloats, triangles: IntArray) -> Array:
    """Normals (N, 3) of a mesh, weighted by area."""
    first, second, third = (positions[triangles[:, corner]] for corner in range(3))
    faces = np.cross(second - first, third - first)
    normals = np.zeros(positions.shape)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    return normalized(normals)


def facing(normals: Array, outward: Array) -> Array:
    """The normals, turned round where they point against ``outward``."""
    against = (normals * outward).sum(axis=1, keepdims=True) < 0
    turned: Array = np.where(against, -normals, normals)
    return turned


def grid_triangles(rows: int, columns: int, *, closed: bool) -> IntArray:
    """Triangles of a grid of vertices; ``closed`` joins the last column to the first."""
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        left, right = index, np.roll(index, -1, axis=1)
    else:
        left, right = index[:, :-1], index[:, 1:]
    corners = left[:-1], left[1:], right[:-1], right[1:]
    first = np.stack([corners[0], corners[1], corners[2]], axis=-1).reshape(-1, 3)
    second = np.stack([corners[2], corners[1], corners[3]], axis=-1).reshape(-1, 3)
    triangles: IntArray = np.concatenate([first, second]).astype(np.int32)
    return triangles
