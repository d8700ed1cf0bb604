"""Hair and hats that come as meshes, fitted to an identity."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import HairMesh, HatMesh
from fomm_train.synthetic.heads.hair import hanging_weight
from fomm_train.synthetic.heads.mesh import Mesh, facing, make_mesh, vertex_normals
from fomm_train.synthetic.heads.model import HeadModel, Skull
from fomm_train.synthetic.heads.rigid import Array, normalized, smoothstep

_CLEARANCE = 0.35
_DOWN: Array = np.array([0.0, -1.0, -0.2])
_NEIGHBOURS = 12
_HAT_SINKS = 3.2


def fit_hair(mesh: HairMesh, model: HeadModel, neutral: FloatArray, skull: Skull) -> Mesh:
    """Hair that follows an identity's skull and stays outside of it."""
    vertices = mesh.vertices + _skull_shift(mesh.vertices, model, neutral)
    height, normal, distance = skull.height(vertices)
    vertices = vertices + normal * (np.maximum(_CLEARANCE - height, 0) * (distance < 5))[:, None]
    outward = normalized(vertices - (0, 3, 0))
    normals = facing(vertex_normals(vertices, mesh.triangles), outward)
    normals = normalized(normals + 0.5 * outward)
    y = vertices[:, 1]
    along = np.clip((14.5 - y) / 22, 0, 1) * 0.6 + 0.4 * mesh.border * smoothstep(-2, -10, y)
    across = mesh.uv[:, 0]
    return make_mesh(
        vertices,
        normals,
        mesh.triangles,
        neck=hanging_weight(vertices),
        tangents=normalized(_DOWN - normals * (normals @ _DOWN)[:, None]),
        along=along,
        random=np.modf(across * 3)[0],
        across=across * 6,
    )


def fit_hat(hat: HatMesh, model: HeadModel, neutral: FloatArray) -> Mesh:
    """A hat put on an identity's head."""
    top = neutral[: model.skin_count, 1].max()
    centred = (hat.vertices - hat.vertices.mean(axis=0)) * (1.0, 1.05, 1.0)
    vertices = centred + np.array([0, top - _HAT_SINKS, 0.8])
    return make_mesh(vertices, vertex_normals(vertices, hat.triangles), hat.triangles, neck=1.0)


def _skull_shift(vertices: FloatArray, model: HeadModel, neutral: FloatArray) -> Array:
    """Distance by which the skull near each vertex differs from the template's."""
    template = model.assets.vertices[: model.skin_count]
    skull = np.flatnonzero(template[:, 1] > 2)
    distance, near = cKDTree(template[skull]).query(vertices, k=_NEIGHBOURS)
    weight = 1 / (distance + 1)
    weight /= weight.sum(axis=1, keepdims=True)
    moved = (neutral - model.assets.vertices)[skull][near]
    shift: Array = (moved * weight[..., None]).sum(axis=1)
    return shift
