"""Clothes: a shell over the bust, and from its lower edge a loft to the shoulders."""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.collars import make_collar, make_hood
from fomm_train.synthetic.heads.identity import Identity
from fomm_train.synthetic.heads.mesh import Mesh, facing, grid_triangles, make_mesh, vertex_normals
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.rigid import Array, normalized

_OFFSETS = {
    "crew": 0.35, "vneck": 0.35, "shirt": 0.5, "suit": 0.6, "turtle": 0.55, "scoop": 0.3,
    "hoodie": 1.0,
}  # fmt: skip
_CLEARANCE = 0.28
_RINGS = 9
_INSIDE: Array = np.array([0.0, -24.0, -2.0])


def make_clothes(
    identity: Identity, model: HeadModel, neutral: FloatArray, normals: FloatArray, draw: Draw
) -> list[Mesh]:
    """The parts of an identity's clothes."""
    style = identity.clothes.style
    parts = [_shell_and_loft(identity, model, neutral, normals, draw)]
    if style in ("shirt", "suit"):
        parts.append(make_collar(model, neutral, draw))
    if style == "hoodie":
        parts.append(make_hood())
    return parts


def _shell_and_loft(
    identity: Identity, model: HeadModel, neutral: FloatArray, normals: FloatArray, draw: Draw
) -> Mesh:
    shell = _shell(model, neutral, normals, _OFFSETS[identity.clothes.style])
    rings = _loft(shell[model.assets.rim], identity.broad, draw)
    count, length = len(shell), rings.shape[1]
    loft = _stitched(model.assets.rim, count, rings.shape[0])
    positions = np.concatenate([shell, rings.reshape(-1, 3)])
    template = model.assets.vertices[: model.skin_count]
    canonical = np.concatenate([template, rings.reshape(-1, 3)])
    neck = np.concatenate([model.assets.neck[:count], np.zeros(rings.shape[0] * length)])
    triangles = np.concatenate([_covered(model), loft])
    outward = normalized(positions - _INSIDE)
    smooth = facing(vertex_normals(positions, triangles), outward)
    used, places = np.unique(triangles, return_inverse=True)
    return make_mesh(
        positions[used],
        smooth[used],
        places.reshape(-1, 3),
        neck=neck[used],
        tangents=canonical[used],
        along=neck[used],
    )


def _shell(model: HeadModel, neutral: FloatArray, normals: FloatArray, offset: float) -> Array:
    """The skin of the bust, smoothed and lifted, (S, 3)."""
    count = model.skin_count
    skin, outward = neutral[:count], normals[:count]
    low = model.assets.vertices[:count, 1] < -5
    smooth = skin
    for _ in range(3):
        smooth = np.where(low[:, None], model.smoothed(smooth, 1), smooth)
    shell = smooth + outward * offset
    height = ((shell - skin) * outward).sum(axis=1)
    lifted: Array = shell + outward * np.maximum(_CLEARANCE - height, 0)[:, None]
    return lifted


def _covered(model: HeadModel) -> IntArray:
    """Triangles of the skin that clothes may cover."""
    _, y, z = model.assets.vertices[: model.skin_count].T
    covered = (y < -6.5) & (z < 7.5) & (y + 0.35 * (z - 3) < -7)
    triangles: IntArray = model.skin_triangles[covered[model.skin_triangles].all(axis=1)]
    return triangles


def _loft(rim: Array, broad: bool, draw: Draw) -> Array:
    """Rings from the bust's rim (R, 3) out to the shoulders and down, (9, R, 3)."""
    angle = np.arctan2(rim[:, 0], rim[:, 2] + 2)
    width = draw.uniform(17, 21) * (1.04 if broad else 0.94)
    slope = draw.uniform(2, 4.5)
    aside = np.abs(np.sin(angle))
    target_x, target_z = np.sin(angle) * width, np.cos(angle) * 8 - 2
    rings = []
    for u in np.linspace(0, 1, _RINGS + 1)[1:]:
        out, back = (np.sin(min(u * rate, 1) * np.pi / 2) for rate in (1.5, 1.2))
        drop = (slope * min(u * 1.6, 1) + 26 * max(u - 0.42, 0) * 1.6) * aside + 30 * u * (
            1 - aside
        )
        x = rim[:, 0] + (target_x - rim[:, 0]) * out
        z = rim[:, 2] + (target_z - rim[:, 2]) * back
        rings.append(np.stack([x, rim[:, 1] - drop, z], axis=-1))
    return np.stack(rings)


def _stitched(rim: IntArray, start: int, rings: int) -> IntArray:
    """Triangles between the rim's vertices and the rings that follow the shell's."""
    length = len(rim)
    places = np.concatenate([rim, start + np.arange(rings * length)])
    triangles: IntArray = places[grid_triangles(rings + 1, length, closed=True)]
    return triangles
