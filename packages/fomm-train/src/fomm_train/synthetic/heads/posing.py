"""A head in a pose: expression, eyeballs and lids."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.pose import NEUTRAL, Pose
from fomm_train.synthetic.heads.rigid import Array, euler

_CONVERGENCE = math.radians(1.5)
_LID_RADIUS = 1.66
_LASH_RADIUS = 1.74
_BALL_RADIUS = 1.6  # less than the lids', so that no cornea comes through them
_LIDS = (((43, 44), (46, 47)), ((37, 38), (40, 41)))
"""Landmarks on the upper and the lower lid, left and right."""

_CORNERS = ((42, 45), (39, 36))
_DROOP = 0.3
_OVERLAP = 1.03
_LEAST_GAIN, _LARGEST_GAIN = 0.6, 1.6
_AHEAD: Array = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class NeutralHead:
    """The head of an identity without expression.

    Attributes:
        vertices, normals: (L, 3) float32.
        eye_centres: (2, 3), left and right.
        eye_scales: sizes of both eyeballs relative to the template's.
        blink_gains: factors of both blinks with which the lids just meet.
    """

    vertices: FloatArray
    normals: FloatArray
    eye_centres: Array
    eye_scales: tuple[float, ...]
    blink_gains: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class PosedHead:
    """A head with an expression, before head and shoulders turn.

    Attributes:
        vertices, normals: (L, 3) float32.
        eye_centres: (2, 3), left and right.
        eye_turns: (2, 3, 3) rotations of the eyeballs.
        gaze: (2, 3) unit vectors.
        folds: strengths, 0 to 1, of the folds of raised brows, of a smile and of a frown.
    """

    vertices: FloatArray
    normals: FloatArray
    eye_centres: Array
    eye_turns: Array
    gaze: Array
    folds: tuple[float, float, float] = (0.0, 0.0, 0.0)


def neutral_head(model: HeadModel, shape: tuple[float, ...]) -> NeutralHead:
    """Shape the head of an identity."""
    vertices = model.shaped(shape)
    centres = model.eye_centres(vertices)
    scales = tuple(_eye_scale(model, vertices, centres, eye) for eye in range(2))
    for eye, centre in enumerate(centres):
        _flatten(vertices, model.eyes[eye], centre, _BALL_RADIUS * scales[eye])
    gains = _blink_gains(model, vertices)
    return NeutralHead(vertices, model.normals(vertices), centres, scales, gains)


def pose_head(model: HeadModel, head: NeutralHead, pose: Pose) -> PosedHead:
    """Give a head the expression and the gaze of a pose."""
    vertices = model.expressed(head.vertices, _blinking(pose, head.blink_gains).weights)
    turns = np.stack(
        [euler(pose.gaze_x + side * _CONVERGENCE, pose.gaze_y, 0.0) for side in (-1, 1)]
    )
    for eye, centre in enumerate(head.eye_centres):
        ball = model.eyes[eye]
        vertices[ball] = (vertices[ball] - centre) @ turns[eye].T + centre
        _push_out(vertices, model.lids[eye], centre, _LID_RADIUS * head.eye_scales[eye])
        _lower_lashes(model, vertices, eye, pose)
        _push_out(vertices, model.lashes[eye], centre, _LASH_RADIUS * head.eye_scales[eye])
    gaze = turns @ _AHEAD
    normals, folds = model.normals(vertices), _folds(pose)
    return PosedHead(vertices, normals, head.eye_centres, turns, gaze, folds)


def _folds(pose: Pose) -> tuple[float, float, float]:
    """Strengths of the folds that an expression draws on the skin."""

    def mean(name: str) -> float:
        return (pose.weight(f"{name}_L") + pose.weight(f"{name}_R")) / 2

    raised = max(mean("browInnerUp"), mean("browOuterUp"))
    smile = mean("mouthSmile") + 0.5 * mean("cheekSquint") + 0.5 * mean("noseSneer")
    return raised, min(smile, 1.0), min(mean("browDown") + 0.4 * mean("noseSneer"), 1.0)


def _blinking(pose: Pose, gains: tuple[float, ...]) -> Pose:
    """The pose with blinks that shut this identity's eyes, be they large or small."""
    left, right = (pose.weight(f"eyeBlink_{side}") for side in "LR")
    if not left and not right:
        return pose
    return pose.with_weights(eyeBlink_L=left * gains[0], eyeBlink_R=right * gains[1])


def _lower_lashes(model: HeadModel, vertices: FloatArray, eye: int, pose: Pose) -> None:
    """Bring upper lashes to the edge of the lower lid, as far as an eye is shut."""
    shut, lashes = pose.weight(f"eyeBlink_{'LR'[eye]}"), model.lashes[eye]
    if not shut or not len(lashes):
        return
    marks = model.assets.landmarks
    corners = vertices[marks[list(_CORNERS[eye])], :2]
    middle = vertices[marks[list(_LIDS[eye][1])], :2].mean(axis=0)
    x, y = np.vstack([corners, middle]).T
    edge = np.polyval(np.polyfit(x, y, deg=2), vertices[lashes, 0])
    target = edge - _DROOP * model.lash_places[eye]
    vertices[lashes, 1] += shut**2 * (target - vertices[lashes, 1])


def _blink_gains(model: HeadModel, vertices: FloatArray) -> tuple[float, ...]:
    shut = model.expressed(vertices, NEUTRAL.with_weights(eyeBlink_L=1.0, eyeBlink_R=1.0).weights)
    marks, gains = model.assets.landmarks, []
    for upper, lower in _LIDS:
        gaps = [
            float(shown[marks[list(upper)], 1].mean() - shown[marks[list(lower)], 1].mean())
            for shown in (vertices, shut)
        ]
        closed = gaps[0] - gaps[1]
        gain = _OVERLAP * gaps[0] / closed if closed > 0 else 1.0
        gains.append(min(max(gain, _LEAST_GAIN), _LARGEST_GAIN))
    return tuple(gains)


def _flatten(vertices: FloatArray, ball: IntArray, centre: Array, radius: float) -> None:
    """Bring an eyeball within a radius; what it looks like hangs on directions alone."""
    offset = vertices[ball] - centre
    distance = np.linalg.norm(offset, axis=1)
    factor = np.minimum(1.0, radius / np.maximum(distance, 1e-6))
    vertices[ball] = centre + offset * factor[:, None]


def _push_out(vertices: FloatArray, lids: IntArray, centre: Array, radius: float) -> None:
    """Keep lids and lashes outside of an eyeball."""
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
