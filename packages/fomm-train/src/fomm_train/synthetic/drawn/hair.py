"""Hair: solids over the skull, and the hairline that the face leaves free."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.drawn.anatomy import Array
from fomm_train.synthetic.drawn.hulls import Ellipsoid, Layer, ball
from fomm_train.synthetic.drawn.identity import Hair, Head, Identity
from fomm_train.synthetic.drawn.palette import darker, lighter
from fomm_train.synthetic.drawn.parts import Parts
from fomm_train.synthetic.drawn.surface import Patch, on_ellipsoid
from fomm_train.synthetic.draws import Draw

_TEMPLE, _SIDEBURN = 76.0, 82.0

COVERS_EARS = ("bob", "long", "afro")
"""Styles under which no ear is to be seen."""


def add_hair(parts: Parts, identity: Identity) -> Array | None:
    """Add the hair.

    Returns:
        The hairline (N, 2), azimuth in degrees and height, from left to right over the
        forehead, or ``None`` for a bald head.
    """
    hair, head = identity.hair, identity.head
    if hair.style == "bald":
        return None
    _STYLES[hair.style](parts, hair, head)
    return hairline(hair)


def hairline(hair: Hair) -> Array:
    """The edge of the hair above the face, (N, 2) as :func:`add_hair` returns it."""
    azimuth = np.linspace(-_TEMPLE, _TEMPLE, 25)
    u = azimuth / _TEMPLE
    height = _FRINGES[hair.fringe](u * hair.side)
    temple = np.clip((np.abs(u) - 0.72) / 0.28, 0.0, 1.0) ** 1.5
    height = height * (1.0 - temple) + (-0.12) * temple
    front = np.stack([azimuth, height], axis=1)
    return np.concatenate([[[-_SIDEBURN, 0.02]], front, [[_SIDEBURN, 0.02]]])


def _straight(u: Array) -> Array:
    return -0.29 + 0.02 * u**2


def _high(u: Array) -> Array:
    return -0.39 + 0.1 * u**2


def _swept(u: Array) -> Array:
    height: Array = -0.36 + 0.13 * np.clip(u + 0.3, 0.0, 1.2) ** 1.3 - 0.02 * np.sin(9.0 * u)
    return height


def _parted(u: Array) -> Array:
    height: Array = -0.41 + 0.17 * np.minimum(np.abs(u - 0.35), 0.7) ** 0.8
    return height


def _zigzag(u: Array) -> Array:
    height: Array = -0.33 + 0.05 * np.abs(((u * 3.5) % 1.0) * 2.0 - 1.0)
    return height


def _curtain(u: Array) -> Array:
    return -0.42 + 0.26 * np.abs(u) ** 0.8


_FRINGES: dict[str, Callable[[Array], Array]] = {
    "straight": _straight,
    "high": _high,
    "swept": _swept,
    "parted": _parted,
    "zigzag": _zigzag,
    "curtain": _curtain,
}


def _cap(head: Head, volume: float, low: float = 0.16) -> Ellipsoid:
    """An ellipsoid over the skull, down to height ``low``."""
    top = -0.57 - volume
    middle, half = (low + top) / 2, (low - top) / 2
    return Ellipsoid((0.0, middle, -0.04), (head.half_width + 0.6 * volume, half, 0.47 + volume))


def _add_cap(parts: Parts, hair: Hair, head: Head, low: float = 0.16) -> None:
    cap = _cap(head, hair.volume, low)
    parts.solid(hair.colour, Layer.CAP, cap, shade=0.06)
    if hair.shiny:
        _add_shine(parts, hair, cap)


def _add_shine(parts: Parts, hair: Hair, cap: Ellipsoid) -> None:
    """A strip of light across the hair."""
    azimuth = np.linspace(-52.0, 18.0, 12)
    centre, radii = np.array(cap.centre), np.array(cap.radii) * 1.002
    bend = ((azimuth + 17.0) / 35.0) ** 2
    edges = [
        centre[1] - radii[1] * (0.72 - 0.1 * bend),
        centre[1] - radii[1] * (0.63 - 0.19 * bend),
    ]
    across = np.concatenate([azimuth, azimuth[::-1]])
    height = np.concatenate([edges[0], edges[1][::-1]])
    normals = on_ellipsoid(centre, radii, across, height)
    parts.add(Patch(lighter(hair.colour, 0.2), Layer.CAP, centre, radii, normals))


def _short(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head)


def _buzz(parts: Parts, hair: Hair, head: Head) -> None:
    colour = darker(hair.colour, 0.05)
    parts.solid(colour, Layer.CAP, _cap(head, 0.012, 0.1), shade=0.05)


def _bob(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head, 0.2)
    low = Ellipsoid((0.0, 0.18, -0.14), (head.half_width + 0.1, 0.24, 0.34))
    parts.solid(darker(hair.colour, 0.3), Layer.BACK, _cap(head, hair.volume, 0.2), low)
    _add_locks(parts, hair, head, 0.26, 0.1)


def _long(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head, 0.2)
    low = Ellipsoid((0.0, 0.52, -0.2), (head.half_width + 0.06, 0.3, 0.24))
    parts.solid(darker(hair.colour, 0.3), Layer.BACK, _cap(head, hair.volume, 0.2), low)
    _add_locks(parts, hair, head, 0.5, 0.085)


def _add_locks(parts: Parts, hair: Hair, head: Head, low: float, radius: float) -> None:
    """Hair that hangs down over the ears."""
    for side in (-1.0, 1.0):
        x = side * (head.half_width + 0.01)
        top = Ellipsoid((x * 0.92, -0.26, 0.0), (0.07, 0.1, 0.2))
        middle = Ellipsoid((x, 0.05, 0.02), (0.07, 0.12, 0.17))
        end = Ellipsoid((x * 1.03, low, 0.02), (radius, radius, 0.13))
        parts.solid(hair.colour, Layer.FRONT, top, middle, end, shade=0.035)


def _curly(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head, 0.1)
    _add_curls(parts, hair, head, 0.115, 24)


def _afro(parts: Parts, hair: Hair, head: Head) -> None:
    big = Ellipsoid((0.0, -0.3, -0.1), (head.half_width + 0.2, 0.46, 0.56))
    parts.solid(darker(hair.colour, 0.12), Layer.BACK, big)
    parts.solid(hair.colour, Layer.CAP, _cap(head, 0.14, 0.06), shade=0.08)
    _add_curls(parts, hair, head, 0.15, 20)


def _add_curls(parts: Parts, hair: Hair, head: Head, radius: float, count: int) -> None:
    """Balls around the skull, evenly spread along a spiral; none in the face."""
    draw = Draw(make_rng(hair.seed))
    tones = (hair.colour, darker(hair.colour, 0.14), lighter(hair.colour, 0.07))
    for number in range(count):
        turn = 137.5 * number + draw.uniform(-12.0, 12.0)
        up = 0.95 - 0.85 * number / count
        level = np.sqrt(1.0 - up**2)
        x = (head.half_width + 0.02) * level * np.sin(np.radians(turn))
        z = 0.46 * level * np.cos(np.radians(turn)) - 0.03
        y = -0.13 - 0.46 * up
        if z > 0.1 and y > -0.36:
            continue
        size = radius * draw.uniform(0.85, 1.15)
        parts.solid(draw.choice(tones), Layer.FRONT, ball(x, y, z, size), shade=0.03)


def _spiky(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head)
    draw = Draw(make_rng(hair.seed))
    for azimuth in range(-120, 121, 30):
        for up in (0.45, 0.85):
            length = draw.uniform(0.14, 0.24)
            angle = np.radians(azimuth + draw.uniform(-9.0, 9.0) + 15.0 * (up > 0.6))
            level = np.sqrt(1.0 - up**2)
            x, z = level * np.sin(angle), level * np.cos(angle)
            _add_spike(parts, hair, head, (float(x), -up, float(z)), length)


def _add_spike(
    parts: Parts, hair: Hair, head: Head, way: tuple[float, float, float], length: float
) -> None:
    """A cone that stands off the skull."""
    x, y, z = way
    root = ball(x * (head.half_width - 0.03), -0.13 + y * 0.42, z * 0.44 - 0.03, 0.085)
    out = 1.0 + length / 0.45
    tip = ball(x * head.half_width * out, -0.15 + y * 0.45 * out, z * 0.46 * out - 0.03, 0.012)
    parts.solid(hair.colour, Layer.FRONT, root, tip, shade=0.03)


def _bun(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head)
    parts.solid(hair.colour, Layer.BACK, ball(0.0, -0.65, -0.12, 0.16), shade=0.05)


def _ponytail(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head)
    root = ball(0.16 * hair.side, -0.42, -0.48, 0.1)
    middle = ball(0.42 * hair.side, -0.2, -0.56, 0.15)
    end = ball(0.52 * hair.side, 0.34, -0.42, 0.06)
    parts.solid(darker(hair.colour, 0.12), Layer.BACK, root, middle)
    parts.solid(darker(hair.colour, 0.12), Layer.BACK, middle, end, shade=0.05)


def _pigtails(parts: Parts, hair: Hair, head: Head) -> None:
    _add_cap(parts, hair, head)
    for side in (-1.0, 1.0):
        x = side * (head.half_width + 0.08)
        root, end = ball(x, -0.2, -0.12, 0.1), ball(x * 1.16, 0.24, -0.08, 0.1)
        middle = ball(x * 1.16, 0.02, -0.1, 0.13)
        parts.solid(hair.colour, Layer.FRONT, root, middle, end, shade=0.04)
        tie = ball(side * (head.half_width + 0.045), -0.24, -0.1, 0.055)
        parts.solid(lighter(hair.colour, 0.6), Layer.FRONT, tie)


def _mohawk(parts: Parts, hair: Hair, head: Head) -> None:
    parts.solid(darker(hair.colour, 0.2), Layer.CAP, _cap(head, 0.012, 0.1), shade=0.05)
    for degrees in range(-20, 111, 26):
        angle = np.radians(degrees)
        up, z = float(np.cos(angle)), float(-np.sin(angle))
        root = Ellipsoid((0.0, -0.14 - 0.38 * up, 0.4 * z + 0.04), (0.07, 0.1, 0.12))
        tip = ball(0.0, -0.14 - 0.72 * up, 0.74 * z + 0.04, 0.03)
        parts.solid(hair.colour, Layer.CAP, root, tip, shade=0.03)


_STYLES: dict[str, Callable[[Parts, Hair, Head], None]] = {
    "short": _short,
    "buzz": _buzz,
    "bob": _bob,
    "long": _long,
    "curly": _curly,
    "afro": _afro,
    "spiky": _spiky,
    "bun": _bun,
    "ponytail": _ponytail,
    "pigtails": _pigtails,
    "mohawk": _mohawk,
}
