"""Hair that is tied: ponytails and buns."""

from __future__ import annotations

import numpy as np

from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.mesh import Mesh
from fomm_train.synthetic.heads.ribbons import Strands, ribbons
from fomm_train.synthetic.heads.rigid import Array, normalized

_COUNT, _STEPS = 500, 10
_WEIGHT = 0.95


def grow_tail(tie: Array, draw: Draw) -> Mesh:
    """A ponytail that hangs from the point where it is tied."""
    phase = draw.stream.uniform(0, 6.28, _COUNT)
    radius = np.sqrt(draw.stream.random(_COUNT))[:, None]
    length, sway = draw.uniform(8, 20), draw.uniform(-3, 3)
    u = np.linspace(0, 1, _STEPS + 1)[None]
    across, behind = np.cos(phase)[:, None] * radius, np.sin(phase)[:, None] * radius
    thick = 0.7 + 1.6 * np.sin(np.pi * np.minimum(u * 0.8 + 0.1, 1))
    x = across * thick + sway * u**2
    y = tie[1] + 1.5 * np.sin(u * 2) - length * u**1.5 + behind * thick * 0.4
    z = tie[2] - 2.2 * np.sin(np.minimum(u * 3, 1.57)) - u + behind * thick
    points = np.stack([x, y, z], axis=-1)
    return _strips(points, points - points.mean(axis=0, keepdims=True), 1.0, draw)


def grow_bun(tie: Array, draw: Draw) -> Mesh:
    """A bun of strands wound about the point where it is tied."""
    random = draw.stream
    radius = draw.uniform(1.8, 2.9)
    first = normalized(random.normal(size=(_COUNT, 3)))
    second = normalized(np.cross(first, random.normal(size=(_COUNT, 3))))
    angle = np.linspace(0, 4.5, _STEPS + 1)[None, :, None]
    winding = first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)
    shrink = random.uniform(0.85, 1, _COUNT)[:, None, None]
    points = tie + np.array([0, 0.5, -0.6]) + radius * winding * shrink
    return _strips(points, points - tie, 0.5, draw)


def _strips(points: Array, outward: Array, end: float, draw: Draw) -> Mesh:
    taper = 0.35 * (1 - 0.6 * np.linspace(0, 1, _STEPS + 1) ** 3)
    strands = Strands(
        points,
        normalized(outward + 1e-3),
        np.broadcast_to(taper, points.shape[:2]),
        np.linspace(0.2, end, _STEPS + 1),
        draw.stream.random(_COUNT),
        bend=0.0,
    )
    return ribbons(strands, lambda positions: np.full(len(positions), _WEIGHT))
