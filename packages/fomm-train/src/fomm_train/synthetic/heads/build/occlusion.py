"""Ambient occlusion: the share of the surroundings that each vertex sees."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import SKIN_PARTS, IntArray, Part
from fomm_train.synthetic.heads.build.parts import Surface
from fomm_train.synthetic.heads.gl.context import Graphics, open_graphics
from fomm_train.synthetic.heads.gl.visibility import DepthMaps
from fomm_train.synthetic.heads.mesh import vertex_normals
from fomm_train.synthetic.heads.rigid import Array

_DIRECTIONS = 160
_LOWEST = -0.9
_HIDING = (*SKIN_PARTS, Part.MOUTH_SOCKET, Part.EYE_SOCKET, Part.LEFT_EYE, Part.RIGHT_EYE)
_IN_MOUTH = (Part.MOUTH_SOCKET, Part.GUMS, Part.TEETH)
_OPEN = (Part.LEFT_EYE, Part.RIGHT_EYE, Part.TEAR_DUCT, Part.LASHES)


def ambient_occlusion(surface: Surface) -> FloatArray:
    """Occlusion (N,) float32 of all vertices, 1 in the open.

    Inside the mouth it follows from the depth alone: the mouth opens and shuts.

    Raises:
        EngineError: there is no OpenGL.
    """
    graphics = open_graphics()
    with graphics.context:
        occlusion = _seen_share(graphics, surface)
    graphics.context.release()
    depth = np.clip((surface.vertices[:, 2] - 4.5) / 6, 0, 1)
    occlusion = np.where(np.isin(surface.part, _IN_MOUTH), depth**1.6 * 0.9 + 0.02, occlusion)
    occlusion[np.isin(surface.part, _OPEN)] = 1
    smooth = _averaged(occlusion, surface.triangles)
    skin = np.isin(surface.part, SKIN_PARTS)
    return np.where(skin, 0.5 * occlusion + 0.5 * smooth, smooth).astype(np.float32)


def _seen_share(graphics: Graphics, surface: Surface) -> Array:
    hiding = np.isin(surface.part[surface.triangles[:, 0]], _HIDING)
    maps = DepthMaps(graphics, surface.vertices, surface.triangles[hiding])
    normals = vertex_normals(surface.vertices, surface.triangles)
    seen, total = np.zeros(len(normals)), np.zeros(len(normals))
    for direction in _directions():
        light = np.maximum(normals @ direction, 0) * (0.75 + 0.25 * direction[1])
        seen += light * maps.visible_from(direction)
        total += light
    share: Array = seen / np.maximum(total, 1e-6)
    return share


def _directions() -> Array:
    """Unit vectors spread over the sphere in a spiral, but for those from below."""
    number = np.arange(_DIRECTIONS)
    z = 1 - 2 * (number + 0.5) / _DIRECTIONS
    angle = np.pi * (3 - 5**0.5) * number
    radius = np.sqrt(1 - z * z)
    spiral = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)
    above: Array = spiral[spiral[:, 1] >= _LOWEST]
    return above


def _averaged(values: Array, triangles: IntArray) -> Array:
    """Values averaged over neighbours, twice."""
    count = len(values)
    ends = triangles.ravel(), triangles[:, [1, 2, 0]].ravel()
    edges = sparse.coo_matrix((np.ones(triangles.size), ends), shape=(count, count)).tocsr()
    near = edges + edges.T
    near.data[:] = 1
    near = near + sparse.eye(count)
    degree = np.asarray(near.sum(axis=1)).ravel()
    for _ in range(2):
        values = (near @ values) / degree
    return values
