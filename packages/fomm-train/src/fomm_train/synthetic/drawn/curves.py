"""Closed curves in the plane of the face."""

from __future__ import annotations

import numpy as np

from fomm_train.synthetic.drawn.anatomy import Array


def band(x: Array, upper: Array, lower: Array) -> Array:
    """The closed curve (2N, 2) around what lies between two curves over the same x (N,)."""
    count = len(x)
    # Filling in place takes half the time of concatenating, thousands of times a second.
    curve = np.empty((2 * count, 2))
    curve[:count, 0], curve[count:, 0] = x, x[::-1]
    curve[:count, 1], curve[count:, 1] = upper, lower[::-1]
    return curve


def disc(x: float, y: float, radius: float, count: int) -> Array:
    """A circle with ``count`` corners, (count, 2)."""
    angle = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)
