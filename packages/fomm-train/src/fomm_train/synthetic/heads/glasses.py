"""Glasses and earrings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.identity import Earrings, Glasses
from fomm_train.synthetic.heads.mesh import Mesh, grid_triangles, joined, make_mesh
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.rigid import Array, normalized

_WIRE = {"full": 0.2, "thin": 0.09, "half": 0.16, "sun": 0.22}
_ANGLES = np.linspace(0, 2 * np.pi, 36, endpoint=False)
_SIDES = (1, -1)
_LEFT_JAW, _RIGHT_JAW = 16, 0  # among the landmarks, by the ears


@dataclass(frozen=True, eq=False)
class Spectacles:
    """Glasses as meshes: their frame, and both lenses."""

    frame: Mesh
    lenses: Mesh


def make_glasses(glasses: Glasses, model: HeadModel, neutral: FloatArray) -> Spectacles:
    """Glasses that sit on an identity's nose and ears."""
    centres = [neutral[eye].mean(axis=0) for eye in model.eyes]
    face = _eye_region(model, neutral)
    radius = _WIRE[glasses.style]
    rims = [
        _rim(glasses, side, centre, float(centres[0][2]), face)
        for side, centre in zip(_SIDES, centres, strict=True)
    ]
    wires = [_rim_wire(glasses.style, rim, radius) for rim in rims]
    wires += [
        _temple(model, neutral, side, rim, radius) for side, rim in zip(_SIDES, rims, strict=True)
    ]
    wires.append(_bridge(rims, centres, radius))
    return Spectacles(joined(wires), joined([_lens(rim) for rim in rims]))


def _eye_region(model: HeadModel, neutral: FloatArray) -> FloatArray:
    x, y, z = model.assets.vertices[: model.skin_count].T
    near = (np.abs(y - 3.5) < 3.2) & (np.abs(x) < 5.6) & (z > 5)
    region: FloatArray = neutral[: model.skin_count][near]
    return region


def _rim(glasses: Glasses, side: int, centre: FloatArray, depth: float, face: FloatArray) -> Array:
    """Outline (36, 3) of a lens, clear of the skin."""

    def rounded(wave: Array) -> Array:
        squared: Array = np.sign(wave) * np.abs(wave) ** (2 / glasses.squareness)
        return squared

    half_width, half_height = 2.45 * glasses.width, 1.75 * glasses.height
    x = centre[0] + side * 0.15 + half_width * rounded(np.cos(_ANGLES))
    y = centre[1] - 0.35 + half_height * rounded(np.sin(_ANGLES))
    z = depth + 3.25 - 0.055 * np.abs(x) ** 1.55
    aside, above = np.abs(face[:, 0] - centre[0]), np.abs(face[:, 1] - centre[1] + 0.35)
    near = face[(aside < half_width + 0.3) & (above < half_height + 0.3)]
    if len(near):
        distance, index = cKDTree(near[:, :2]).query(np.stack([x, y], axis=-1))
        close = distance < 0.5
        if close.any():
            z = z + 0.8 * max(0.0, float((near[index, 2] + 0.25 - z)[close].max()))
    return np.stack([x, y, z], axis=-1)


def _rim_wire(style: str, rim: Array, radius: float) -> Mesh:
    if style != "half":
        return _tube(rim, radius, closed=True)
    upper = rim[np.sin(_ANGLES) > -0.35]
    return _tube(upper[np.argsort(-upper[:, 0])], radius)


def _temple(model: HeadModel, neutral: FloatArray, side: int, rim: Array, radius: float) -> Mesh:
    """The arm from a lens to the ear."""
    start = rim[np.argmax(side * rim[:, 0])]
    jaw = model.assets.landmarks[_LEFT_JAW if side > 0 else _RIGHT_JAW]
    depth = neutral[model.assets.landmarks[_LEFT_JAW], 2]
    ear = np.array([side * (np.abs(neutral[jaw, 0]) + 0.9), start[1] + 0.6, depth - 2.2])
    share = np.linspace(0, 1, 6)[:, None]
    return _tube(start + (ear - start) * share, radius * 0.9)


def _bridge(rims: list[Array], centres: list[FloatArray], radius: float) -> Mesh:
    ends = []
    for side, rim, centre in zip(_SIDES, rims, centres, strict=True):
        inner = side * rim[:, 0] + 0.6 * np.abs(rim[:, 1] - centre[1] - 0.3)
        ends.append(rim[np.argmin(inner)])
    middle = (ends[0] + ends[1]) / 2 + (0, 0.35, 0.45)
    t = np.linspace(0, 1, 6)[:, None]
    return _tube((1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * middle + t**2 * ends[1], radius)


def _lens(rim: Array) -> Mesh:
    middle, count = rim.mean(axis=0), len(rim)
    points = np.concatenate([rim, middle[None] + (0, 0, 0.25)])
    edge = np.arange(count)
    triangles = np.stack([edge, np.roll(edge, -1), np.full(count, count)], axis=-1)
    bulge = np.concatenate([rim - middle, np.zeros((1, 3))]) * 0.25
    return make_mesh(
        points, normalized(bulge + np.array([0, 0, 1])), triangles, neck=1.0, along=points[:, 0]
    )


def _tube(path: Array, radius: float, *, closed: bool = False, corners: int = 6) -> Mesh:
    """A wire along a path (N, 3)."""
    steps = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    tangent = normalized(steps if closed else np.gradient(path, axis=0))
    first = normalized(np.cross(tangent, (0.1, 0.2, 1.0)))
    second = np.cross(tangent, first)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)[None, :, None]
    normals = np.cos(angle) * first[:, None] + np.sin(angle) * second[:, None]
    rings = path[:, None] + radius * normals
    if closed:
        rings, normals = (np.concatenate([a, a[:1]]) for a in (rings, normals))
    triangles = grid_triangles(len(rings), corners, closed=True)
    points = rings.reshape(-1, 3)
    return make_mesh(points, normals.reshape(-1, 3), triangles, neck=1.0, along=points[:, 0])


def make_earrings(
    earrings: Earrings, model: HeadModel, neutral: FloatArray, draw: Draw
) -> Mesh | None:
    """Earrings below the ears; ``None`` where a head has no ears."""
    sphere, triangles = _sphere()
    shape = np.array([1, draw.choice((1, 1, 2.5, 4)), 1])
    x, y, _ = model.assets.vertices[: model.skin_count].T
    lobes = (np.abs(x) > 7.6) & (y < 0.5) & (y > -3)
    meshes = []
    for side in _SIDES:
        lobe = np.flatnonzero(lobes & (side * x > 0))
        if not len(lobe):
            continue
        lowest = neutral[lobe[np.argmin(neutral[lobe, 1])]]
        drop = 0.1 + 0.5 * earrings.size * shape[1]
        middle = lowest + np.array([0.15 * side, -drop, 0.2])
        points = sphere * earrings.size * shape + middle
        meshes.append(make_mesh(points, sphere, triangles, neck=1.0, along=points[:, 0]))
    return joined(meshes) if meshes else None


def _sphere() -> tuple[Array, IntArray]:
    around, down = np.meshgrid(
        np.linspace(0, 2 * np.pi, 9), np.linspace(0, np.pi, 7), indexing="ij"
    )
    x, z = np.sin(down) * np.cos(around), np.sin(down) * np.sin(around)
    return np.stack([x, np.cos(down), z], axis=-1).reshape(-1, 3), grid_triangles(
        9, 7, closed=False
    )
