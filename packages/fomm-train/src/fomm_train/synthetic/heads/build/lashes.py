"""Eyelashes: strips that grow from the edges of the lids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import SKIN_PARTS, IntArray, Part
from fomm_train.synthetic.heads.build.parts import Surface, border_edges, walk_loop
from fomm_train.synthetic.heads.rigid import Array, normalized

_ROOT = 0.10
_UPPER_V, _LOWER_V = (0.6, 0.9), (0.1, 0.4)
_TEXTURE_U = 6.5


@dataclass(frozen=True, eq=False)
class _Strip:
    """Lashes of one lid: the lid's vertices (N,), roots and tips (N, 3), texture (2N, 2)."""

    lid: IntArray
    roots: Array
    tips: Array
    uv: Array


def add_lashes(surface: Surface) -> Surface:
    """Add lashes, which move as the lids do."""
    strips = [strip for side in (1, -1) for strip in _strips_of_eye(surface, side)]
    start, uv_start = len(surface.vertices), len(surface.uv)
    starts = np.cumsum([0, *(2 * len(strip.lid) for strip in strips)])
    triangles = [
        _corners(first + np.arange(len(strip.lid) - 1), len(strip.lid))
        for first, strip in zip(starts, strips, strict=False)
    ]
    new = [points for strip in strips for points in (strip.roots, strip.tips)]
    lids = np.concatenate([np.concatenate([strip.lid, strip.lid]) for strip in strips])
    added = np.concatenate(triangles)
    return replace(
        surface,
        vertices=np.concatenate([surface.vertices, *new]).astype(np.float32),
        identity_modes=_extended(surface.identity_modes, lids),
        expression_modes=_extended(surface.expression_modes, lids),
        part=np.concatenate([surface.part, np.full(len(lids), Part.LASHES)]).astype(np.int32),
        triangles=np.concatenate([surface.triangles, added + start]).astype(np.int32),
        uv_triangles=np.concatenate([surface.uv_triangles, added + uv_start]).astype(np.int32),
        triangle_part=np.concatenate(
            [surface.triangle_part, np.full(len(added), Part.LASHES)]
        ).astype(np.int32),
        uv=np.concatenate([surface.uv, *(strip.uv for strip in strips)]).astype(np.float32),
    )


def _extended(modes: FloatArray, lids: IntArray) -> FloatArray:
    """Modes with those of the lids' vertices for the lashes."""
    return np.concatenate([modes, modes[:, lids]], axis=1)


def _corners(first: IntArray, count: int) -> IntArray:
    """Triangles between roots and the tips that follow them, (2(N - 1), 3)."""
    one = np.stack([first, first + count, first + 1], axis=-1)
    two = np.stack([first + 1, first + count, first + count + 1], axis=-1)
    corners: IntArray = np.stack([one, two], axis=1).reshape(-1, 3)
    return corners


def _strips_of_eye(surface: Surface, side: int) -> list[_Strip]:
    """Upper and lower lashes of the eye on one side (1 left, -1 right)."""
    skin = surface.triangles[np.isin(surface.triangle_part, SKIN_PARTS)]
    edges = border_edges(skin)
    places = surface.vertices[edges[:, 0]]
    of_eye = (
        (places[:, 1] > 2) & (places[:, 1] < 5) & (places[:, 2] > 8) & (places[:, 0] * side > 0)
    )
    edges = edges[of_eye]
    outward = surface.vertices[:, 0] * side
    inner = int(edges.ravel()[np.argmin(outward[edges.ravel()])])
    loop = walk_loop(edges, inner)
    outer = int(np.argmax(outward[loop]))
    halves = [loop[: outer + 1], np.concatenate([loop[outer:], loop[:1]])[::-1]]
    halves.sort(key=lambda half: -float(surface.vertices[half, 1].mean()))
    return [_strip(surface, half, side, upper=place == 0) for place, half in enumerate(halves)]


def _strip(surface: Surface, lid: IntArray, side: int, *, upper: bool) -> _Strip:
    """Lashes of a lid, from the inner to the outer corner."""
    u = np.linspace(0, 1, len(lid))
    rise, front = (0.22, 0.9) if upper else (-0.45, 0.5)
    directions = [side * (0.10 + 0.55 * u), np.full(len(u), rise), np.full(len(u), front)]
    out = normalized(np.stack(directions, axis=-1))
    length = (0.20 + 0.38 * np.sin(np.pi * np.clip(u * 0.75 + 0.2, 0, 1))) * (1 if upper else 0.35)
    roots = surface.vertices[lid] + out * _ROOT
    v = _UPPER_V if upper else _LOWER_V
    uv = [np.stack([_TEXTURE_U + u * 0.5, np.full(len(u), height)], axis=-1) for height in v]
    return _Strip(lid, roots, roots + out * length[:, None], np.concatenate(uv))
