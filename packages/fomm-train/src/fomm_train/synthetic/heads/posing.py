"""A head in a pose: expression, eyeballs and lids."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.pose import Pose
from fomm_train.synthetic.heads.rigid import Array, euler

_CONVERGENCE = math.radians(1.5)
_LID_RADIUS = 1.66
_AHEAD: Array = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class NeutralHead:
    """The head of an identity without expression.

    Attributes:
        vertices, normals: (L, 3) float32.
        eye_centres: (2, 3), left and right.
        eye_scales: sizes of both eyeballs relative to the template's.
    """

    vertices: FloatArray
    normals: FloatArray
    eye_centres: Array
    eye_scales: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class PosedHead:
    """A head with an expression, before head and shoulders turn.

    Attributes:
        vertices, normals: (L, 3) float32.
        eye_centres: (2, 3), left and right.
        eye_turns: (2, 3, 3) rotations of the eyeballs.
        gaze: (2, 3) unit vectors.
    """

    vertices: FloatArray
    normals: FloatArray
    eye_centres: Array
    eye_turns: Array
    gaze: Array


def neutral_head(model: HeadModel, shape: tuple[float, ...]) -> NeutralHead:
    """Shape the head of an identity."""
    vertices = model.shaped(shape)
    centres = model.eye_centres(vertices)
    scales = tuple(_eye_scale(model, vertices, centres, eye) for eye in range(2))
    return NeutralHead(vertices, model.normals(vertices), centres, scales)


def pose_head(model: HeadModel, head: NeutralHead, pose: Pose) -> PosedHead:
    """Give a head the expression and the gaze of a pose."""
    vertices = model.expressed(head.vertices, pose.weights)
    turns = np.stack(
        [euler(pose.gaze_x + side * _CONVERGENCE, pose.gaze_y, 0.0) for side in (-1, 1)]
    )
    for eye, centre in enumerate(head.eye_centres):
        ball = model.eyes[eye]
        vertices[ball] = (vertices[ball] - centre) @ turns[eye].T + centre
        _push_out(vertices, model.lids[eye], centre, _LID_RADIUS * head.eye_scales[eye])
    gaze = turns @ _AHEAD
    return PosedHead(vertices, model.normals(vertices), head.eye_centres, turns, gaze)


def _push_out(vertices: FloatArray, lids: IntArray, centre: Array, radius: float) -> None:
    """Keep lids outside of an eyeball."""
    offset = vertices[lids] - centre
    distance = np.linalg.norm(offset, axis=1)
    inside = (distance < radius) & (offset[:, 2] > 0)
    factor = np.where(inside, radius / np.maximum(distance, 1e-6), 1.0)
    vertices[lids] = centre + offset * factor[:, None]


def _eye_scale(model: HeadModel, vertices: FloatArray, centres: Array, eye: int) -> float:
    ball, template = model.eyes[eye], model.assets
    size = np.linalg.norm(vertices[ball] - centres[eye], axis=1).mean()
    usual = np.linalg.norm(template.vertices[ball] - template.eye_centres[eye], axis=1).mean()
    return float(size / usual)
