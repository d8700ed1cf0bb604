"""Flat polygons fixed to the head or to the body: glasses, buttons, ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fomm_train.synthetic.drawn.anatomy import Array
from fomm_train.synthetic.drawn.hulls import Layer
from fomm_train.synthetic.drawn.palette import Paint
from fomm_train.synthetic.drawn.projection import Placement


@dataclass(frozen=True, eq=False)
class Panel:
    """A polygon.

    Attributes:
        points: (N, 3) in the axes of the head, or of the body.
        body: it belongs to the body.
    """

    colour: Paint
    layer: Layer
    points: Array
    body: bool = False


def flat(points: Sequence[tuple[float, float]] | Array, z: float) -> Array:
    """Points (N, 2) of a plane at depth ``z``, (N, 3)."""
    plane = np.asarray(points, float)
    return np.concatenate([plane, np.full((len(plane), 1), z)], axis=1)


def ring(outer: Array, inner: Array) -> Array:
    """One polygon that fills the space between two closed curves (N, ...) and (M, ...)."""
    return np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])


class PanelSet:
    """Outlines of many panels at once."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        none = np.zeros((0, 3))
        self._points = np.concatenate([none, *(panel.points for panel in panels)])
        counts = [len(panel.points) for panel in panels]
        self._body = np.repeat([panel.body for panel in panels], counts).astype(bool)[:, None]

    def outlines(self, head: Placement, body: Placement) -> Array:
        """The curves of all panels in the frame, one after the other, (N, 2)."""
        return np.where(self._body, body.project(self._points), head.project(self._points))
