"""Meshes in Wavefront files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fomm_core.errors import ModelError
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import IntArray


@dataclass(frozen=True, eq=False)
class ObjMesh:
    """A mesh of polygons, cut into triangles as fans.

    Attributes:
        vertices: (N, 3) float32.
        uv: (U, 2) float32.
        triangles: (T, 3) int32 among the vertices.
        uv_triangles: (T, 3) int32 among the places of the texture.
        polygon: (T,) int32, number of the polygon that each triangle is of.
    """

    vertices: FloatArray
    uv: FloatArray
    triangles: IntArray
    uv_triangles: IntArray
    polygon: IntArray


def read_vertices(path: Path) -> FloatArray:
    """Read the vertices (N, 3) of a file alone.

    Raises:
        ModelError: the file cannot be read, or has none.
    """
    rows = [line[2:] for line in _lines(path) if line.startswith("v ")]
    return _numbers(path, rows, 3)


def read_obj(path: Path) -> ObjMesh:
    """Read a mesh with its texture.

    Raises:
        ModelError: the file cannot be read, or has no such mesh.
    """
    lines = _lines(path)
    corners = [line.split()[1:] for line in lines if line.startswith("f ")]
    fans = [
        (number, polygon[0], polygon[k], polygon[k + 1])
        for number, polygon in enumerate(corners)
        for k in range(1, len(polygon) - 1)
    ]
    try:
        both = [[corner.split("/")[:2] for corner in fan[1:]] for fan in fans]
        indices = np.array(both, np.int32) - 1
    except ValueError as error:
        raise ModelError(f"{path}: expected polygons with a texture, found others") from error
    if not fans:
        raise ModelError(f"{path}: expected polygons, found none")
    return ObjMesh(
        vertices=_numbers(path, [line[2:] for line in lines if line.startswith("v ")], 3),
        uv=_numbers(path, [line[3:] for line in lines if line.startswith("vt ")], 2),
        triangles=indices[..., 0],
        uv_triangles=indices[..., 1],
        polygon=np.array([fan[0] for fan in fans], np.int32),
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: expected a mesh (.obj), found none: {error}") from error


def _numbers(path: Path, rows: list[str], columns: int) -> FloatArray:
    try:
        numbers = np.array([row.split()[:columns] for row in rows], np.float32)
    except ValueError as error:
        raise ModelError(f"{path}: expected rows of {columns} numbers: {error}") from error
    if numbers.ndim != 2 or numbers.shape[1] != columns:
        raise ModelError(f"{path}: expected rows of {columns} numbers, found {numbers.shape}")
    return numbers
