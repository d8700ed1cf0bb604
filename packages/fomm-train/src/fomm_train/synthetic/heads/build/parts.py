"""The template's parts: which vertices and polygons are skin, teeth, eyeballs, ..."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import IntArray, Part
from fomm_train.synthetic.heads.build.facekit import FaceKit

_VERTEX_RANGES = (
    (0, 9409, Part.FACE), (9409, 11248, Part.HEAD), (11248, 13294, Part.MOUTH_SOCKET),
    (13294, 14062, Part.EYE_SOCKET), (14062, 17039, Part.GUMS), (17039, 21451, Part.TEETH),
    (21451, 22221, Part.LEFT_EYE), (23021, 23791, Part.RIGHT_EYE), (24591, 24999, Part.TEAR_DUCT),
)  # fmt: skip
_POLYGON_RANGES = (
    (0, 9230, Part.FACE), (9230, 11144, Part.HEAD), (11144, 13226, Part.MOUTH_SOCKET),
    (13226, 14034, Part.EYE_SOCKET), (14034, 17006, Part.GUMS), (17006, 21496, Part.TEETH),
    (21496, 22296, Part.LEFT_EYE), (23094, 23894, Part.RIGHT_EYE), (24692, 25018, Part.TEAR_DUCT),
)  # fmt: skip
"""First and last of each part in ICT-FaceKit; its lashes and wet lines are left out."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A head model while it is built.

    Attributes:
        vertices: (N, 3) float32.
        identity_modes, expression_modes: (M, N, 3) and (E, N, 3) float32.
        part: (N,) int32, -1 for vertices of no part.
        triangles, uv_triangles: (T, 3) int32.
        triangle_part: (T,) int32.
        uv: (U, 2) float32.
    """

    vertices: FloatArray
    identity_modes: FloatArray
    expression_modes: FloatArray
    part: IntArray
    triangles: IntArray
    uv_triangles: IntArray
    triangle_part: IntArray
    uv: FloatArray


def divide(kit: FaceKit) -> Surface:
    """Divide the template into its parts."""
    template = kit.template
    part = np.full(len(template.vertices), -1, np.int32)
    for first, last, number in _VERTEX_RANGES:
        part[first:last] = number
    of_polygon = np.full(int(template.polygon.max()) + 1, -1, np.int32)
    for first, last, number in _POLYGON_RANGES:
        of_polygon[first:last] = number
    triangle_part = of_polygon[template.polygon]
    kept = triangle_part >= 0
    return Surface(
        template.vertices,
        kit.identity_modes,
        kit.expression_modes,
        part,
        template.triangles[kept],
        template.uv_triangles[kept],
        triangle_part[kept],
        template.uv,
    )


def compact(surface: Surface) -> tuple[Surface, IntArray]:
    """Leave out vertices of no triangle.

    Returns:
        The surface, and for each vertex its new number.
    """
    used = np.unique(surface.triangles)
    places = np.full(len(surface.vertices), -1, np.int32)
    places[used] = np.arange(len(used))
    smaller = replace(
        surface,
        vertices=surface.vertices[used],
        identity_modes=surface.identity_modes[:, used],
        expression_modes=surface.expression_modes[:, used],
        part=surface.part[used],
        triangles=places[surface.triangles],
    )
    return smaller, places


def border_edges(triangles: IntArray) -> IntArray:
    """Edges (E, 2) of one triangle only, the smaller vertex first."""
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    )
    unique, count = np.unique(edges, axis=0, return_counts=True)
    border: IntArray = unique[count == 1].astype(np.int32)
    return border


def walk_loop(edges: IntArray, start: int) -> IntArray:
    """Vertices of a closed loop of edges, in order from ``start``."""
    neighbours: dict[int, list[int]] = {}
    for first, second in edges.tolist():
        neighbours.setdefault(first, []).append(second)
        neighbours.setdefault(second, []).append(first)
    loop = [start]
    while True:
        following = [vertex for vertex in neighbours[loop[-1]] if vertex not in loop]
        if not following:
            return np.array(loop, np.int32)
        loop.append(following[0])
