"""The head model in shape: identities, expressions, normals, and the skull to grow things on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.spatial import cKDTree

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import SKIN_PARTS, HeadAssets, IntArray, Part
from fomm_train.synthetic.heads.pose import EXPRESSIONS
from fomm_train.synthetic.heads.rigid import Array, normalized

_LID_REACH, _LID_FRONT = 2.3, 0.5
_BUST, _HIDDEN = -19.0, 0.25
_SMOOTHINGS = 2


@dataclass(frozen=True, eq=False)
class Skull:
    """Smoothed surface that hair and hats keep outside of.

    Attributes:
        tree: of ``points``.
        points, normals: (N, 3), where it is and what is outward.
    """

    tree: cKDTree
    points: Array
    normals: Array

    def height(self, points: Array) -> tuple[Array, Array, Array]:
        """Height of points (N, 3) over the nearest place, its normal, and its distance."""
        distance, nearest = self.tree.query(points)
        normal = self.normals[nearest]
        return ((points - self.points[nearest]) * normal).sum(axis=1), normal, distance


class HeadModel:
    """A head model that can be shaped.

    Args:
        assets: of the model.

    Attributes:
        assets: of the model.
        skin_count: number of vertices of the skin, which come first.
        skin_triangles: (S, 3) int32, triangles of the skin.
        eyes: vertices of the left and the right eyeball.
        lids, lashes: vertices of the skin, and of upper lashes, close to each eyeball.
        lash_places: of these lashes, how far along they are, 0 at the root and 1 at the tip.
    """

    def __init__(self, assets: HeadAssets) -> None:
        self.assets = assets
        skin = np.isin(assets.part, SKIN_PARTS)
        self.skin_count = int(skin.sum())
        self.skin_triangles: IntArray = assets.triangles[skin[assets.triangles].all(axis=1)]
        self.eyes = tuple(np.flatnonzero(assets.part == p) for p in (Part.LEFT_EYE, Part.RIGHT_EYE))
        self.lids = tuple(self._around_eye(centre, Part.FACE) for centre in assets.eye_centres)
        along = _along_lashes(assets)
        around = (self._around_eye(centre, Part.LASHES) for centre in assets.eye_centres)
        self.lashes = tuple(lashes[along[lashes] >= 0] for lashes in around)
        self.lash_places = tuple(along[lashes] for lashes in self.lashes)
        self._identity_modes = assets.identity_modes.reshape(len(assets.identity_modes), -1)
        self._expression_modes = assets.expression_modes.reshape(len(assets.expression_modes), -1)
        places = {name: place for place, name in enumerate(assets.expression_names)}
        self._places = np.array([places.get(name, -1) for name in EXPRESSIONS])
        self._incidence = _incidence(assets.triangles, len(assets.vertices))
        self._smoothing = _smoothing(self.skin_triangles, self.skin_count)

    def shaped(self, shape: Sequence[float]) -> FloatArray:
        """The neutral vertices (L, 3) of an identity; coefficients of modes."""
        count = min(len(shape), len(self._identity_modes))
        moved = np.array(shape[:count], np.float32) @ self._identity_modes[:count]
        vertices: FloatArray = self.assets.vertices + moved.reshape(-1, 3)
        return vertices

    def expressed(self, neutral: FloatArray, weights: Sequence[float]) -> FloatArray:
        """The vertices (L, 3) with an expression, in the order of :data:`EXPRESSIONS`."""
        strengths = np.array(weights, np.float32)
        used = np.flatnonzero((strengths > 1e-3) & (self._places >= 0))
        if not len(used):
            return neutral.copy()
        moved = strengths[used] @ self._expression_modes[self._places[used]]
        vertices: FloatArray = neutral + moved.reshape(-1, 3)
        return vertices

    def normals(self, vertices: FloatArray) -> FloatArray:
        """Unit normals (L, 3) of all vertices."""
        triangles = self.assets.triangles
        first = vertices[triangles[:, 0]]
        faces = np.cross(vertices[triangles[:, 1]] - first, vertices[triangles[:, 2]] - first)
        return normalized(self._incidence @ faces).astype(np.float32)

    def smoothed(self, values: FloatArray, times: int) -> FloatArray:
        """Values (S, N) of the skin's vertices, averaged over neighbours."""
        for _ in range(times):
            values = self._smoothing @ values
        return values

    def eye_centres(self, neutral: FloatArray) -> Array:
        """Centres (2, 3) of the eyeballs of an identity."""
        moved = neutral - self.assets.vertices
        shifts = [moved[eye].mean(axis=0) for eye in self.eyes]
        centres: Array = self.assets.eye_centres + np.array(shifts, np.float64)
        return centres

    def skull(self, neutral: FloatArray, normals: FloatArray) -> Skull:
        """The surface that hair keeps outside of."""
        template, count = self.assets.vertices[: self.skin_count], self.skin_count
        used = (template[:, 1] > _BUST) & (self.assets.occlusion[:count] > _HIDDEN)
        outward = normals[:count]
        smooth = normalized(self.smoothed(outward, _SMOOTHINGS))
        points = neutral[:count][used].astype(np.float64)
        mixed = normalized(outward[used] * 0.5 + 0.5 * smooth[used])
        return Skull(cKDTree(points), points, mixed)

    def _around_eye(self, centre: FloatArray, part: Part) -> IntArray:
        vertices = self.assets.vertices
        near = np.linalg.norm(vertices - centre, axis=1) < _LID_REACH
        front = vertices[:, 2] > centre[2] + _LID_FRONT
        return np.flatnonzero(near & front & (self.assets.part == part)).astype(np.int32)


def _along_lashes(assets: HeadAssets) -> FloatArray:
    """Place of each vertex (L,) along an upper lash, 0 to 1; negative for all others."""
    along = np.full(len(assets.vertices), -1.0, np.float32)
    upper = (assets.split_part == Part.LASHES) & (assets.uv[:, 1] > 0.5)
    along[assets.split[upper]] = np.clip((assets.uv[upper, 1] - 0.6) / 0.3, 0, 1)
    return along


def _incidence(triangles: IntArray, count: int) -> sparse.csr_matrix:
    """Matrix that sums, for each vertex, over its triangles."""
    faces = np.tile(np.arange(len(triangles)), 3)
    ones = np.ones(triangles.size, np.float32)
    return sparse.csr_matrix((ones, (triangles.T.ravel(), faces)), shape=(count, len(triangles)))


def _smoothing(triangles: IntArray, count: int) -> sparse.csr_matrix:
    """Matrix that averages each vertex with its neighbours."""
    ends = triangles.ravel(), triangles[:, [1, 2, 0]].ravel()
    edges = sparse.coo_matrix((np.ones(triangles.size), ends), shape=(count, count)).tocsr()
    joined = edges + edges.T
    joined.data[:] = 1.0
    joined = joined + sparse.eye(count)
    degree = np.asarray(joined.sum(axis=1)).ravel()
    return (sparse.diags(1.0 / degree) @ joined).astype(np.float32).tocsr()
