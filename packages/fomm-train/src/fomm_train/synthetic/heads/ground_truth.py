"""The truth about a frame: keypoints and jacobians, from the geometry that is rendered.

A jacobian maps the reference frame, in which the template looks straight ahead without
perspective, to the frame. Around a point of the skin it is the least-squares affine map of a
patch of vertices, near the exact rigid map at the point itself; across the surface, where a
patch says nothing, the rigid map holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from fomm_core.motion.keypoints import Keypoints
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.posing import PosedHead
from fomm_train.synthetic.heads.rigid import SCALE, Array, BoolArray, Placement

KEYPOINT_NAMES = (
    "upper_lid_left", "lower_lid_left", "upper_lid_right", "lower_lid_right", "iris_left",
    "iris_right", "brow_left", "brow_right", "nose_tip", "mouth_left", "mouth_right", "upper_lip",
    "lower_lip", "chin", "cheek_left", "cheek_right", "forehead", "jaw_left", "jaw_right",
    "neck_base",
)  # fmt: skip
"""Names of the keypoints, in order; left and right are the person's own.

They are known where they are hidden, too: behind hair, or on the far side of a turned head.
"""

MIRRORED = np.array([2, 3, 0, 1, 5, 4, 7, 6, 8, 10, 9, 11, 12, 13, 15, 14, 16, 18, 17, 19])
"""Which keypoint takes the place of each in a mirror."""

_RADII = (
    2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.2, 2.2, 2.0, 1.9, 1.9, 1.9, 1.9, 2.3, 2.4, 2.4, 2.4, 2.3, 2.3,
    3.0,
)  # fmt: skip
_STEP = 0.05
_RIDGE = 0.04
_STEEPEST = 0.7
_FLATTEST = 0.2  # smallest singular value, relative to the largest
_EYE_DEPTH = 1.5  # of the iris before the centre of the eyeball


@dataclass(frozen=True, eq=False)
class _Patch:
    """Skin around a keypoint.

    Attributes:
        vertices: (N,) of them.
        weights: (N,) that sum to 1.
        centred: (N, 3), places on the template around their weighted mean.
        solver: (N, 3), weighted displacements times this are an affine map.
        slope: (2,), depth over x and y, limited.
    """

    vertices: IntArray
    weights: Array
    centred: Array
    solver: Array
    slope: Array


class GroundTruth:
    """True keypoints of frames of a head model.

    Args:
        model: the head model, which names a vertex for each keypoint.
    """

    def __init__(self, model: HeadModel) -> None:
        self._model = model
        self._points: IntArray = model.assets.keypoints
        self._on_skin = np.flatnonzero(self._points >= 0)
        self._patches = [
            _patch(model, int(self._points[place]), _RADII[place]) for place in self._on_skin
        ]
        self._vertices = np.concatenate([patch.vertices for patch in self._patches])

    def keypoints(self, head: PosedHead, placement: Placement, size: int) -> Keypoints:
        """Keypoints (:data:`KEYPOINT_NAMES`) of a posed head in a frame of ``size`` pixels."""
        points, turns, neck = self._origins(head)
        count = len(points)
        ahead = points[:, None] + _STEP * np.swapaxes(turns, 1, 2)
        origins = np.concatenate([points[:, None], ahead], axis=1).reshape(-1, 3)
        everything = np.concatenate([origins, head.vertices[self._vertices]])
        weights = np.concatenate([np.repeat(neck, 4), self._model.assets.neck[self._vertices]])
        places = placement.project(placement.world(everything, weights), size)
        near = places[: 4 * count].reshape(count, 4, 2)
        rigid = np.swapaxes((near[:, 1:] - near[:, :1]) / _STEP, 1, 2)
        maps = rigid[:, :, :2].copy()
        start = 4 * count
        for place, patch in zip(self._on_skin, self._patches, strict=True):
            seen = places[start : start + len(patch.vertices)]
            maps[place] = _affine(patch, rigid[place], seen)
            start += len(patch.vertices)
        jacobian = _invertible(maps * np.array([1.0, -1.0]) / SCALE)
        return Keypoints(near[:, 0].astype(np.float32), jacobian.astype(np.float32))

    def _origins(self, head: PosedHead) -> tuple[Array, Array, Array]:
        """Points (K, 3), local rotations (K, 3, 3), and how far they follow the head (K,)."""
        count = len(self._points)
        points, neck = np.zeros((count, 3)), np.ones(count)
        turns = np.tile(np.eye(3), (count, 1, 1))
        points[self._on_skin] = head.vertices[self._points[self._on_skin]]
        neck[self._on_skin] = self._model.assets.neck[self._points[self._on_skin]]
        for eye, place in enumerate(np.flatnonzero(self._points < 0)):
            turns[place] = head.eye_turns[eye]
            points[place] = head.eye_centres[eye] + head.gaze[eye] * _EYE_DEPTH
        return points, turns, neck


def _affine(patch: _Patch, rigid: Array, seen: Array) -> Array:
    """Affine map (2, 2) of the reference frame to the frame, around a keypoint.

    Args:
        patch: the skin around it.
        rigid: (2, 3), map at the point itself.
        seen: (N, 2), places of the patch in the frame.
    """
    moved = seen - patch.weights @ seen
    fitted = rigid + (moved - patch.centred @ rigid.T).T @ patch.solver
    affine: Array = fitted[:, :2] + np.outer(fitted[:, 2], patch.slope)
    return affine


def _invertible(jacobians: Array) -> Array:
    left, values, right = np.linalg.svd(jacobians)
    values = np.maximum(values, _FLATTEST * values[:, :1])
    invertible: Array = (left * values[:, None, :]) @ right
    return invertible


def _patch(model: HeadModel, vertex: int, radius: float) -> _Patch:
    """Front-facing skin within ``radius`` of a vertex, weighted evenly over the surface."""
    template = model.assets.vertices[: model.skin_count].astype(np.float64)
    distance = np.linalg.norm(template - template[vertex], axis=1)
    chosen = np.flatnonzero((distance < radius) & _faces_like(model, vertex))
    weights = np.exp(-2 * (distance[chosen] / radius) ** 2)
    tree = cKDTree(template[chosen])
    density = [len(near) for near in tree.query_ball_point(template[chosen], 0.2 * radius)]
    weights = weights / np.array(density)
    weights /= weights.sum()
    centred = template[chosen] - weights @ template[chosen]
    spread = (centred * weights[:, None]).T @ centred
    ridge = _RIDGE * radius**2 * np.eye(3)
    solver = (weights[:, None] * centred) @ np.linalg.inv(spread + ridge)
    return _Patch(chosen.astype(np.int32), weights, centred, solver, _slope(centred, weights))


def _faces_like(model: HeadModel, vertex: int) -> BoolArray:
    """Which vertices of the skin face where a vertex does, and the front."""
    normals = model.normals(model.assets.vertices)[: model.skin_count]
    front = (normals[:, 2] > 0.3) | (normals[vertex, 2] < 0.45)
    alike: BoolArray = (normals @ normals[vertex] > 0.3) & front
    return alike


def _slope(centred: Array, weights: Array) -> Array:
    root = np.sqrt(weights)[:, None]
    plane = np.concatenate([centred[:, :2], np.ones((len(centred), 1))], axis=1)
    slope = np.linalg.lstsq(plane * root, centred[:, 2] * root[:, 0], rcond=None)[0][:2]
    limited: Array = slope * min(1.0, _STEEPEST / max(float(np.linalg.norm(slope)), 1e-6))
    return limited
