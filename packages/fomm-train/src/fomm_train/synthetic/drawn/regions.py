"""Regions of eyes and mouth in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from PIL import Image, ImageDraw

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.drawn.anatomy import (
    EYE_X,
    EYE_Y,
    SIDES,
    Array,
    lift,
    lip_shifts,
    mouth_line,
    mouth_stretch,
)
from fomm_train.synthetic.drawn.canvas import Canvas
from fomm_train.synthetic.drawn.curves import band
from fomm_train.synthetic.drawn.pose import Pose
from fomm_train.synthetic.drawn.projection import place_head

_SAMPLES = 2
_ANGLES = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
_CIRCLE: Array = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


def eye_mask(pose: Pose, size: int) -> FloatArray:
    """Mask of the eyes, (1, size, size) float32 in [0, 1]; lids and lashes included."""
    return _paint(_eyes(), pose, size)


def mouth_mask(pose: Pose, size: int) -> FloatArray:
    """Mask of the mouth, (1, size, size) float32 in [0, 1]; lips included."""
    return _paint([_mouth(pose)], pose, size)


def region_mask(pose: Pose, size: int) -> FloatArray:
    """Mask of eyes and mouth, (1, size, size) float32 in [0, 1]."""
    return _paint([*_eyes(), _mouth(pose)], pose, size)


def _eyes() -> list[Array]:
    return [_CIRCLE * (0.165, 0.15) + (side * EYE_X, EYE_Y + 0.01) for side in SIDES]


def _mouth(pose: Pose) -> Array:
    """An ellipse bent like the mouth, somewhat larger than any lips."""
    up, down = lip_shifts(pose)
    along = np.linspace(-1.0, 1.0, 19)
    x = (0.2 * mouth_stretch(pose) + 0.025) * along
    round_off = (1.0 - along**2) ** 0.4
    line = mouth_line(x, pose)
    return band(x, line - (0.075 + up) * round_off, line + (0.095 + down) * round_off)


def _paint(curves: Sequence[Array], pose: Pose, size: int) -> FloatArray:
    """Fill curves of the plane of the face with 1."""
    head = place_head(pose)
    canvas = Canvas(size, _SAMPLES)
    image = Image.new("L", (canvas.side, canvas.side))
    painter = ImageDraw.Draw(image)
    for curve in curves:
        outline = canvas.locate(head.project(lift(curve)))
        painter.polygon(cast("list[float]", outline), fill=255)
    mask: FloatArray = np.asarray(image.reduce(_SAMPLES), np.float32)[None] / np.float32(255)
    return mask
