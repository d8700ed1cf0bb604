"""Hats, headphones and glasses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fomm_train.synthetic.drawn.anatomy import EYE_X, EYE_Y, Array
from fomm_train.synthetic.drawn.hulls import Ellipsoid, Layer, ball
from fomm_train.synthetic.drawn.identity import HATS, Glasses, Head, Headwear, Identity
from fomm_train.synthetic.drawn.palette import Colour, Paint, darker, lighter
from fomm_train.synthetic.drawn.panels import Panel, flat, ring
from fomm_train.synthetic.drawn.parts import Parts
from fomm_train.synthetic.drawn.surface import Patch, on_ellipsoid

_BRIM = -0.31
_LENS_DEPTH = 0.485


def add_headwear(parts: Parts, identity: Identity, hairline: Array | None) -> Array | None:
    """Add what is on the head.

    Returns:
        The edge above the face, (N, 2): the brim of a hat, else ``hairline`` as it was.
    """
    headwear = identity.headwear
    if headwear is None:
        return hairline
    _STYLES[headwear.style](parts, headwear, identity.head)
    if headwear.style not in HATS:
        return hairline
    # Under the rim of a knitted hat the face goes on, so that none of its lining shows.
    return _brim(_BRIM if headwear.style == "cap" else _BRIM - 0.06)


def _brim(y: float) -> Array:
    azimuth = np.linspace(-84.0, 84.0, 21)
    brim = np.stack([azimuth, np.full(21, y)], axis=1)
    return np.concatenate([[[-92.0, y]], brim, [[92.0, y]]])


def _disc(head: Head, y: float, extra: float, share: float = 1.0) -> Ellipsoid:
    """A level disc, wider than the head by ``extra``, times ``share``."""
    radii = (share * (head.half_width + extra), 0.012, share * (0.48 + extra))
    return Ellipsoid((0.0, y, -0.03), radii)


def _add_strip(
    parts: Parts,
    colour: Colour,
    head: Head,
    heights: tuple[float, float],
    *,
    wide: float,
    sag: float,
) -> None:
    """A strip around the head between two heights, ``wide`` off it, ``sag`` lower at the sides."""
    azimuth = np.linspace(-112.0, 112.0, 25)
    centre = np.array([0.0, -0.2, -0.03])
    radii = np.array([head.half_width + wide, 0.47, 0.485 + wide])
    low = sag * (np.abs(azimuth) / 100.0) ** 2
    curve = np.concatenate([azimuth, azimuth[::-1]])
    height = np.concatenate([low + heights[0], low[::-1] + heights[1]])
    normals = on_ellipsoid(centre, radii, curve, height)
    parts.add(Patch(colour, Layer.FEATURES, centre, radii, normals))


def _dome(head: Head, low: float, height: float) -> list[Ellipsoid]:
    """A dome with a flat bottom, as a pile of discs."""
    return [
        _disc(head, low - height * up, 0.035, wide)
        for up, wide in ((0.0, 1.0), (0.45, 0.96), (0.75, 0.78), (0.93, 0.5), (1.0, 0.25))
    ]


def _beanie(parts: Parts, headwear: Headwear, head: Head) -> None:
    parts.solid(headwear.colour, Layer.CAP, *_dome(head, -0.33, 0.38), shade=0.08)
    _add_strip(parts, headwear.trim, head, (_BRIM - 0.115, _BRIM), wide=0.045, sag=0.0)


def _bobble(parts: Parts, headwear: Headwear, head: Head) -> None:
    parts.solid(headwear.trim, Layer.BACK, ball(0.0, -0.76, -0.05, 0.13), shade=0.05)
    _beanie(parts, headwear, head)


def _cap(parts: Parts, headwear: Headwear, head: Head) -> None:
    parts.solid(headwear.colour, Layer.CAP, *_dome(head, _BRIM, 0.35), shade=0.07)
    parts.solid(headwear.trim, Layer.CAP, ball(0.0, -0.665, -0.04, 0.035))
    visor = Ellipsoid((0.0, -0.355, 0.34), (head.half_width - 0.03, 0.025, 0.3))
    parts.solid(darker(headwear.colour, 0.18), Layer.TOP, visor, shade=0.03)


def _headband(parts: Parts, headwear: Headwear, head: Head) -> None:
    _add_strip(parts, headwear.colour, head, (-0.485, -0.4), wide=0.075, sag=0.14)


def _headphones(parts: Parts, headwear: Headwear, head: Head) -> None:
    wide = head.half_width + 0.075
    arch = [
        ball(wide * float(np.sin(turn)), -0.06 - 0.61 * float(np.cos(turn)), 0.0, 0.035)
        for turn in np.radians(np.linspace(-90.0, 90.0, 13))
    ]
    parts.solid(darker(headwear.colour, 0.2), Layer.BEHIND, *arch)
    angle = np.radians(np.linspace(-97.0, 97.0, 25))
    centre = np.array([0.0, -0.06, 0.0])
    radii = np.array([head.half_width + 0.085, 0.62, 0.6])
    arc = [np.stack([np.sin(angle), -np.cos(angle), np.full(25, z)], axis=1) for z in (-0.12, 0.12)]
    curve = np.concatenate([arc[0], arc[1][::-1]])
    normals = curve / np.linalg.norm(curve, axis=1, keepdims=True)
    parts.add(Patch(headwear.colour, Layer.FEATURES, centre, radii, normals))
    for side in (-1.0, 1.0):
        x = side * (head.half_width + 0.05)
        outer = Ellipsoid((x + 0.045 * side, 0.0, 0.0), (0.05, 0.125, 0.125))
        parts.solid(headwear.trim, Layer.FRONT, Ellipsoid((x, 0.0, 0.0), (0.05, 0.15, 0.15)))
        parts.solid(headwear.colour, Layer.FRONT, outer, shade=0.03)


def _bow(parts: Parts, headwear: Headwear, head: Head) -> None:
    x, y, z = 0.26, -0.56, 0.16
    for way in (-1.0, 1.0):
        wing = Ellipsoid((x + 0.15 * way, y + 0.05 * way, z), (0.05, 0.1, 0.05))
        parts.solid(headwear.colour, Layer.TOP, ball(x, y, z, 0.03), wing, shade=0.03)
    parts.solid(darker(headwear.colour, 0.25), Layer.TOP, ball(x, y, z + 0.03, 0.045))


def _flower(parts: Parts, headwear: Headwear, head: Head) -> None:
    x, y, z = -(head.half_width - 0.05), -0.38, 0.2
    for number in range(5):
        angle = np.radians(72.0 * number + 10.0)
        leaf = ball(x + 0.075 * float(np.cos(angle)), y + 0.075 * float(np.sin(angle)), z, 0.055)
        parts.solid(headwear.colour, Layer.TOP, leaf, shade=0.02)
    parts.solid(headwear.trim, Layer.TOP, ball(x, y, z + 0.04, 0.045))


def _party(parts: Parts, headwear: Headwear, head: Head) -> None:
    foot = Ellipsoid((0.0, -0.55, 0.02), (0.2, 0.03, 0.2))
    parts.solid(headwear.colour, Layer.TOP, foot, ball(0.0, -0.82, -0.02, 0.015), shade=0.06)
    stripe = (_smaller(-0.635, 0.143), _smaller(-0.68, 0.11))
    parts.solid(headwear.trim, Layer.TOP, *stripe)
    parts.solid(headwear.trim, Layer.TOP, ball(0.0, -0.83, -0.02, 0.045), shade=0.02)


def _smaller(y: float, radius: float) -> Ellipsoid:
    return Ellipsoid((0.0, y, 0.0), (radius, 0.02, radius))


_STYLES: dict[str, Callable[[Parts, Headwear, Head], None]] = {
    "beanie": _beanie,
    "bobble": _bobble,
    "cap": _cap,
    "headband": _headband,
    "headphones": _headphones,
    "bow": _bow,
    "flower": _flower,
    "party": _party,
}


def add_glasses(parts: Parts, glasses: Glasses, head: Head) -> None:
    """Add glasses: two rims with a tint and a glint, a bridge, and arms to the ears."""
    angle = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)
    for side in (-1.0, 1.0):
        outer = _lens(glasses, side, angle, 0.0)
        inner = _lens(glasses, side, angle, glasses.line)
        tint: Paint = (*lighter(glasses.colour, 0.8), 24)
        parts.add(Panel(tint, Layer.TOP, flat(inner, _LENS_DEPTH)))
        parts.add(Panel((255, 255, 255, 120), Layer.TOP, flat(_glint(side), _LENS_DEPTH)))
        frame = flat(ring(outer, inner), _LENS_DEPTH)
        parts.add(Panel(glasses.colour, Layer.TOP, frame))
        hinge = ball(side * (EYE_X + 0.135), EYE_Y - 0.02, 0.4, 0.016)
        ear = ball(side * (head.half_width + 0.012), EYE_Y - 0.02, 0.0, 0.016)
        parts.solid(darker(glasses.colour, 0.2), Layer.FRONT, hinge, ear)
    y, half = EYE_Y - 0.035, glasses.line * 0.5
    inside = EYE_X - glasses.size + glasses.line * 0.5
    bridge = [(-inside, y - half), (inside, y - half), (inside, y + half), (-inside, y + half)]
    parts.add(Panel(glasses.colour, Layer.TOP, flat(bridge, _LENS_DEPTH + 0.02)))


_CORNERS = {"round": 2.0, "square": 5.0, "wide": 3.0, "cat": 2.6}
_PROPORTION = {"round": 1.0, "square": 0.86, "wide": 0.8, "cat": 0.84}


def _lens(glasses: Glasses, side: float, angle: Array, inset: float) -> Array:
    """Outline (N, 2) of a lens, a superellipse, smaller by ``inset`` on all sides."""
    power = 2.0 / _CORNERS[glasses.style]
    cosine, sine = np.cos(angle), np.sin(angle)
    x = (glasses.size - inset) * np.sign(cosine) * np.abs(cosine) ** power
    height = glasses.size * _PROPORTION[glasses.style] - inset
    y = height * np.sign(sine) * np.abs(sine) ** power
    if glasses.style == "cat":
        y = y - 0.3 * x * (y < 0.0)
    return np.stack([side * (EYE_X + x), EYE_Y + 0.012 + y], axis=1)


def _glint(side: float) -> list[tuple[float, float]]:
    x = side * EYE_X - 0.07
    return [(x, -0.1), (x + 0.035, -0.135), (x + 0.055, -0.135), (x, -0.08)]
