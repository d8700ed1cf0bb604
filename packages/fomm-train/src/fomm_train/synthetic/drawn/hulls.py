"""Solid shapes: convex hulls of ellipsoids, whose outlines are exact from every side.

The outline of an ellipsoid with centre c and radii r under the projection L has, in the
direction u of the frame, the support u.Lc + |r * L'u| and touches it at
Lc + L(r^2 * L'u) / |r * L'u|. The hull of several has the largest of their supports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.drawn.anatomy import Array
from fomm_train.synthetic.drawn.palette import Colour
from fomm_train.synthetic.drawn.projection import Placement

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
DIRECTIONS: Array = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
"""(D, 2) unit vectors of the frame in which outlines are taken."""

_SHADED = np.arange(-1, 15)
"""The directions, from the right to the lower left, on which no light falls."""
_FADE = np.sin(np.linspace(0.0, np.pi, len(_SHADED)))[:, None] ** 0.7
_AWAY: FloatArray = (DIRECTIONS[_SHADED] * _FADE).astype(np.float32)


class Layer(IntEnum):
    """The order of painting, from the background on.

    Things at the side of the head are painted ``BEHIND`` or in ``FRONT`` of it as it turns.
    """

    BACK = 0
    BODY = 1
    BEHIND = 2
    SKULL = 3
    CAP = 4
    FACE = 5
    FEATURES = 6
    NOSE = 7
    FRONT = 8
    TOP = 9


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid along the axes of the head, or of the body.

    Attributes:
        centre, radii: in units of half a frame.
        jaw: share of the jaw's movement that it follows, 0 to 1.
        body: it belongs to the body, not to the head.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    jaw: float = 0.0
    body: bool = False


@dataclass(frozen=True)
class Hull:
    """The convex hull of ellipsoids, in one colour.

    Attributes:
        layer: when it is painted; ``FRONT`` means ``BEHIND`` while its middle is farther
            away than the neck.
        shade: width of the shadow on the side away from the light, 0 for none.
        shade_layer: when the shadow is painted; with the hull where it is not given.
    """

    colour: Colour
    layer: Layer
    parts: tuple[Ellipsoid, ...]
    shade: float = 0.0
    shade_layer: Layer | None = None


def ball(
    x: float, y: float, z: float, radius: float, *, jaw: float = 0.0, body: bool = False
) -> Ellipsoid:
    """A sphere."""
    return Ellipsoid((x, y, z), (radius, radius, radius), jaw, body)


class HullSet:
    """Outlines of many hulls at once.

    Args:
        hulls: at least one.
    """

    def __init__(self, hulls: Sequence[Hull]) -> None:
        # Those of the head first, so that each placement applies to one slice.
        parts = sorted({part for hull in hulls for part in hull.parts}, key=_order)
        index = {part: number for number, part in enumerate(parts)}
        most = max(len(hull.parts) for hull in hulls)
        self._members: npt.NDArray[np.intp] = np.array(
            [
                [index[part] for part in hull.parts]
                + [index[hull.parts[0]]] * (most - len(hull.parts))
                for hull in hulls
            ]
        )
        self._centres = np.array([part.centre for part in parts])
        self._squares = np.array([part.radii for part in parts]) ** 2
        self._jaw = np.array([[part.jaw] for part in parts])
        self._head = slice(0, sum(not part.body for part in parts))
        self._body = slice(self._head.stop, len(parts))
        self._middles = np.array(
            [np.mean([part.centre for part in hull.parts], axis=0) for hull in hulls]
        )

    def outlines(self, head: Placement, body: Placement, jaw: Array) -> Array:
        """Outlines of all hulls in the frame.

        Args:
            head, body: where the two parts are.
            jaw: (3,) movement of the jaw in the head's axes.

        Returns:
            (hulls, D, 2), in the order of the hulls.
        """
        centres = self._centres + self._jaw * jaw
        count = len(centres)
        supports = np.empty((count, len(DIRECTIONS)))
        touching = np.empty((count, len(DIRECTIONS), 2))
        for part, place in ((self._head, head), (self._body, body)):
            across = DIRECTIONS @ place.linear
            squares = self._squares[part]
            reach = np.sqrt(squares @ (across**2).T)
            middle = place.project(centres[part])
            supports[part] = middle @ DIRECTIONS.T + reach
            step = (squares[:, None, :] * across) @ place.linear.T
            touching[part] = middle[:, None, :] + step / reach[:, :, None]
        best = supports[self._members].argmax(axis=1)
        winners = np.take_along_axis(self._members, best, axis=1)
        outlines: Array = touching[winners, np.arange(len(DIRECTIONS))]
        return outlines

    def in_front(self, head: Placement) -> npt.NDArray[np.bool_]:
        """For each hull, whether its middle is nearer to the viewer than the neck; (hulls,)."""
        nearer: npt.NDArray[np.bool_] = head.nearness(self._middles) > 0.0
        return nearer


def crescent(outline: FloatArray, width: float) -> FloatArray:
    """The shadow on the side of a solid that is away from the light.

    Args:
        outline: (D, 2) of a hull, in any unit.
        width: of the shadow at its widest, in the same unit.

    Returns:
        (N, 2) closed curve that does not leave the outline.
    """
    edge = outline[_SHADED]
    return np.concatenate([edge, (edge - np.float32(width) * _AWAY)[::-1]])


def _order(part: Ellipsoid) -> tuple[bool, tuple[float, ...], tuple[float, ...], float]:
    return part.body, part.centre, part.radii, part.jaw
