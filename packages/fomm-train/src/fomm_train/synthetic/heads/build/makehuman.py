"""Hair and a hat of MakeHuman, which lie in places given relative to its body."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fomm_core.errors import ModelError
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import HairMesh, HatMesh
from fomm_train.synthetic.heads.build.obj import ObjMesh, read_obj, read_vertices
from fomm_train.synthetic.heads.build.parts import border_edges
from fomm_train.synthetic.heads.rigid import Array

REPOSITORIES = (
    "https://github.com/makehumancommunity/makehuman-assets",
    "https://github.com/makehumancommunity/makehuman",
)
COMMITS = (
    "b2cfc35584037e3d51225248c139e00aee964e3f",
    "e30a19bc6137aa5b12ed9550f0b5158755563dd3",
)

HAIR_NAMES = (
    "short01", "short02", "short03", "short04", "bob01", "bob02", "long01", "ponytail01", "afro01",
    "braid01",
)  # fmt: skip

_BODY = Path("makehuman/makehuman/data/3dobjs/base.obj")
_ASSETS = Path("makehuman-assets/base")
_BODY_VERTICES = 13380
_SCALE: Array = np.array([10.4, 9.45, 10.06])
_TOP, _DEPTH = 14.5, -4.78
"""MakeHuman's head fits the template's when scaled by this, its top at 14.5."""


@dataclass(frozen=True, eq=False)
class MakeHuman:
    """Meshes on the template's skull: hair by name, and a hat."""

    hair: dict[str, HairMesh]
    hat: HatMesh


def read_makehuman(folder: Path) -> MakeHuman:
    """Read hair and a hat.

    Args:
        folder: in which both repositories are cloned.

    Raises:
        ModelError: a file is missing, or has another form.
    """
    if not (folder / _BODY).is_file() or not (folder / _ASSETS).is_dir():
        clones = " && ".join(f"git clone {repository}" for repository in REPOSITORIES)
        raise ModelError(
            f"{folder}: expected clones of makehuman and makehuman-assets, found none; make them "
            f"there with: {clones}"
        )
    body = read_vertices(folder / _BODY)
    hair = {name: _read_hair(folder / _ASSETS / "hair" / name, name, body) for name in HAIR_NAMES}
    place = folder / _ASSETS / "clothes" / "fedora01"
    mesh = read_obj(place / "fedora.obj")
    fitted = _fitted(place / "fedora.mhclo", mesh, body)
    return MakeHuman(hair, HatMesh(fitted, mesh.triangles))


def _read_hair(folder: Path, name: str, body: FloatArray) -> HairMesh:
    mesh = read_obj(folder / f"{name}.obj")
    fitted = _fitted(folder / f"{name}.mhclo", mesh, body)
    border = np.zeros(len(fitted), np.float32)
    border[border_edges(mesh.triangles)] = 1
    corners = np.stack([mesh.triangles.ravel(), mesh.uv_triangles.ravel()], axis=1)
    split, places = np.unique(corners, axis=0, return_inverse=True)
    return HairMesh(
        fitted[split[:, 0]],
        mesh.uv[split[:, 1]],
        places.reshape(-1, 3).astype(np.int32),
        border[split[:, 0]],
    )


def _fitted(path: Path, mesh: ObjMesh, body: FloatArray) -> FloatArray:
    """Vertices of a mesh on MakeHuman's body, moved to the template."""
    vertices = np.array(_bound(path, body), np.float64)
    if vertices.shape != mesh.vertices.shape:
        raise ModelError(
            f"{path}: expected places of {len(mesh.vertices)} vertices, found {len(vertices)}"
        )
    top = body[:_BODY_VERTICES, 1].max()
    moved = vertices * _SCALE + (0, _TOP - top * _SCALE[1], _DEPTH)
    return moved.astype(np.float32)


def _bound(path: Path, body: FloatArray) -> list[Array]:
    """Places of vertices that a file binds to the body's, one or three and an offset each."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise ModelError(f"{path}: expected places of vertices, found none: {error}") from error
    scale, rows, listed = np.full(3, 0.1), [], False
    for words in filter(None, map(str.split, lines)):
        if words[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(words[0][0])
            first, second = (body[int(word), axis] for word in words[1:3])
            scale[axis] = abs(first - second) / float(words[3])
        elif words[0] == "verts":
            listed = True
        elif listed:
            numbers = _as_numbers(words)
            if numbers is None:
                break
            rows.append(_place(numbers, body, scale))
    return rows


def _as_numbers(words: list[str]) -> list[float] | None:
    try:
        return [float(word) for word in words]
    except ValueError:
        return None


def _place(numbers: list[float], body: FloatArray, scale: Array) -> Array:
    if len(numbers) == 1:
        place: Array = body[int(numbers[0])].astype(np.float64)
        return place
    corners = body[[int(number) for number in numbers[:3]]]
    bound: Array = np.array(numbers[3:6]) @ corners + np.array(numbers[6:9]) * scale
    return bound
