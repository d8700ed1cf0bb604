"""Shoulders and what they wear. The body's origin is the pit of the throat."""

from __future__ import annotations

from collections.abc import Callable

from fomm_train.synthetic.drawn.hulls import Ellipsoid, Layer, ball
from fomm_train.synthetic.drawn.identity import Clothes, Identity
from fomm_train.synthetic.drawn.palette import WHITE, Colour, darker, lighter
from fomm_train.synthetic.drawn.panels import Panel, flat
from fomm_train.synthetic.drawn.parts import Parts

_FRONT = 0.16


def add_body(parts: Parts, identity: Identity) -> None:
    """Add shoulders and clothes."""
    clothes = identity.clothes
    shoulders = [_round(side * 0.46, 0.36, -0.05, 0.2) for side in (-1, 1)]
    chest = Ellipsoid((0.0, 0.7, -0.02), (0.64, 0.5, 0.3), body=True)
    throat = Ellipsoid((0.0, 0.17, -0.06), (0.23, 0.1, 0.16), body=True)
    parts.solid(clothes.colour, Layer.BODY, *shoulders, chest, throat, shade=0.06)
    _STYLES[clothes.style](parts, clothes, identity.head.skin)


def _round(x: float, y: float, z: float, radius: float) -> Ellipsoid:
    return ball(x, y, z, radius, body=True)


def _panel(parts: Parts, colour: Colour, *points: tuple[float, float], z: float = _FRONT) -> None:
    parts.add(Panel(colour, Layer.BODY, flat(points, z), body=True))


def _collar(parts: Parts, colour: Colour, width: float, low: float) -> None:
    """A round neckline."""
    rim = Ellipsoid((0.0, 0.075, -0.04), (width, low, 0.18), body=True)
    parts.solid(colour, Layer.BODY, rim)


def _tee(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    _collar(parts, clothes.trim, 0.245, 0.1)
    _collar(parts, darker(skin, 0.12), 0.2, 0.065)


def _vneck(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    _panel(parts, clothes.trim, (-0.23, 0.05), (0.23, 0.05), (0.0, 0.37))
    _panel(parts, darker(skin, 0.12), (-0.19, 0.05), (0.19, 0.05), (0.0, 0.31))


def _shirt(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    _panel(parts, darker(skin, 0.12), (-0.16, 0.05), (0.16, 0.05), (0.0, 0.22))
    _panel(parts, clothes.trim, (-0.014, 0.2), (0.014, 0.2), (0.014, 0.6), (-0.014, 0.6))
    for side in (-1.0, 1.0):
        flap = [(0.0, 0.2), (side * 0.12, 0.29), (side * 0.26, 0.1), (side * 0.19, 0.01)]
        _panel(parts, lighter(clothes.colour, 0.35), *flap, z=0.18)
    parts.solid(clothes.accent, Layer.BODY, _round(0.0, 0.33, _FRONT, 0.024))


def _hoodie(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    hood = Ellipsoid((0.0, 0.07, -0.16), (0.42, 0.17, 0.2), body=True)
    parts.solid(darker(clothes.colour, 0.22), Layer.BACK, hood)
    _collar(parts, clothes.trim, 0.27, 0.12)
    _collar(parts, darker(skin, 0.16), 0.2, 0.06)
    for side in (-1.0, 1.0):
        string = (_round(side * 0.1, 0.16, _FRONT, 0.015), _round(side * 0.12, 0.36, _FRONT, 0.018))
        parts.solid(WHITE, Layer.BODY, *string)


def _turtleneck(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    tube = [
        Ellipsoid((0.0, y, -0.08), (0.215 + 0.03 * (y > 0), 0.05, 0.2), body=True)
        for y in (-0.1, 0.1)
    ]
    parts.solid(lighter(clothes.colour, 0.12), Layer.BODY, *tube, shade=0.05)


def _suit(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    _panel(parts, WHITE, (-0.22, 0.02), (0.22, 0.02), (0.0, 0.62))
    knot = [(-0.045, 0.12), (0.045, 0.12), (0.03, 0.19), (-0.03, 0.19)]
    tie = [(-0.03, 0.19), (0.03, 0.19), (0.075, 0.52), (-0.075, 0.52)]
    _panel(parts, clothes.accent, *tie)
    _panel(parts, darker(clothes.accent, 0.2), *knot)
    for side in (-1.0, 1.0):
        tip = [(side * 0.21, -0.01), (side * 0.3, 0.08), (side * 0.24, 0.33), (0.0, 0.64)]
        _panel(parts, darker(clothes.colour, 0.3), *tip, z=0.18)
        wing = [(0.0, 0.12), (side * 0.11, 0.19), (side * 0.22, 0.03), (side * 0.17, -0.02)]
        _panel(parts, lighter(WHITE, 0.3), *wing, z=0.19)


def _stripes(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    for y, width in ((0.21, 0.36), (0.31, 0.62), (0.42, 0.66)):
        stripe = [
            Ellipsoid((0.0, y + dy, -0.04), (width, 0.012, 0.24), body=True) for dy in (0.0, 0.035)
        ]
        parts.solid(clothes.trim, Layer.BODY, *stripe)
    _tee(parts, clothes, skin)


def _scarf(parts: Parts, clothes: Clothes, skin: Colour) -> None:
    loop = [
        Ellipsoid((0.0, 0.06, -0.04), (0.3, 0.07, 0.24), body=True),
        Ellipsoid((0.0, 0.15, -0.02), (0.28, 0.05, 0.22), body=True),
    ]
    end = (_round(0.14, 0.16, _FRONT, 0.07), _round(0.19, 0.5, _FRONT, 0.09))
    parts.solid(darker(clothes.accent, 0.18), Layer.BODY, *end, shade=0.03)
    parts.solid(clothes.accent, Layer.BODY, *loop, shade=0.05)


_STYLES: dict[str, Callable[[Parts, Clothes, Colour], None]] = {
    "tee": _tee,
    "vneck": _vneck,
    "shirt": _shirt,
    "hoodie": _hoodie,
    "turtleneck": _turtleneck,
    "suit": _suit,
    "stripes": _stripes,
    "scarf": _scarf,
}
