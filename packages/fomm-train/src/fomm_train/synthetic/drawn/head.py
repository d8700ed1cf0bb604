"""Skull, neck, ears, nose, beard, and the opening in the hair that is the face."""

from __future__ import annotations

import numpy as np

from fomm_train.synthetic.drawn.anatomy import NOSE_DEPTH, NOSE_Y, Array
from fomm_train.synthetic.drawn.hulls import Ellipsoid, Layer, ball
from fomm_train.synthetic.drawn.identity import Beard, Head, Identity, Nose
from fomm_train.synthetic.drawn.palette import Colour, darker, lighter, mix
from fomm_train.synthetic.drawn.parts import Parts
from fomm_train.synthetic.drawn.surface import Patch, on_ellipsoid

FACE_CENTRE: Array = np.array([0.0, -0.05, 0.0])
_FACE_HEIGHT, _FACE_DEPTH = 0.525, 0.475

_BEARD_LINE = ((104, -0.03), (80, 0.03), (58, 0.14), (36, 0.215), (16, 0.205), (0, 0.2))
_BARE_LINE = ((104, 0.16), (80, 0.22), (50, 0.33), (25, 0.41), (0, 0.43))


def face_radii(head: Head) -> Array:
    """Radii (3,) of the ellipsoid on which hairline and beard are drawn."""
    return np.array([head.half_width + 0.004, _FACE_HEIGHT, _FACE_DEPTH])


def add_head(parts: Parts, identity: Identity, hairline: Array | None, ears: bool) -> None:
    """Add the head without eyes and mouth.

    Args:
        parts: what to add to.
        identity: the looks.
        hairline: (N, 2) azimuth in degrees and height, from left to right over the forehead,
            or ``None`` where nothing covers the skull.
        ears: whether they are to be seen.
    """
    head = identity.head
    _add_neck(parts, head)
    parts.solid(head.skin, Layer.SKULL, *_skull(head, 0.0), shade=0.062, shade_layer=Layer.FEATURES)
    if ears:
        _add_ears(parts, head, identity.earrings)
    bearded = identity.beard if identity.beard and identity.beard.style in _FULL else None
    # The lower face covers what of the hair behind it would show under the jaw.
    lower, thicker = (bearded.colour, 0.014) if bearded else (head.skin, 0.0)
    parts.solid(lower, Layer.CAP, *_skull(head, thicker)[1:])
    if hairline is not None or bearded:
        _add_face(parts, head, hairline, bearded)
    _add_cheeks(parts, head)
    _add_nose(parts, identity.nose, head.skin)


_FULL = ("full", "stubble")


def _skull(head: Head, extra: float) -> tuple[Ellipsoid, ...]:
    """Cranium, jaw and chin, each thicker by ``extra``."""
    return (
        Ellipsoid((0.0, -0.13, -0.03), (head.half_width + extra, 0.44 + extra, 0.47 + extra)),
        Ellipsoid((0.0, 0.18, 0.06), (head.jaw + extra, 0.25 + extra, 0.37 + extra), jaw=0.35),
        Ellipsoid((0.0, 0.4, 0.2), (head.chin + extra, 0.095 + extra, 0.18 + extra), jaw=1.0),
    )


def _add_neck(parts: Parts, head: Head) -> None:
    colour = darker(head.skin, 0.2)
    top = ball(0.0, 0.28, -0.12, 0.165)
    parts.solid(colour, Layer.BODY, top, ball(0.0, 0.04, -0.1, 0.175, body=True), shade=0.04)


def _add_ears(parts: Parts, head: Head, earrings: Colour | None) -> None:
    for side in (-1.0, 1.0):
        x, size = side * (head.half_width + 0.012), head.ear
        ear = Ellipsoid((x, -0.01, -0.03), (0.055 * size, 0.105 * size, 0.06))
        parts.solid(head.skin, Layer.FRONT, ear, shade=0.02)
        inside = Ellipsoid((x + 0.014 * side, -0.01, -0.01), (0.026 * size, 0.062 * size, 0.04))
        parts.solid(darker(head.skin, 0.2), Layer.FRONT, inside)
        if earrings:
            y = 0.1 * size + 0.035
            parts.solid(earrings, Layer.FRONT, ball(x, y, -0.01, 0.036), shade=0.02)


def _add_face(parts: Parts, head: Head, hairline: Array | None, beard: Beard | None) -> None:
    top = np.array([[-75.0, -0.5], [0.0, -0.56], [75.0, -0.5]]) if hairline is None else hairline
    right = np.array(_BEARD_LINE if beard else _BARE_LINE, float)
    left = right[::-1][1:] * (-1.0, 1.0)
    side = np.array([[104.0, 0.0 if not beard else -0.1]])
    curve = np.concatenate([top, side, right, left, side * (-1.0, 1.0)])
    radii = face_radii(head)
    normals = on_ellipsoid(FACE_CENTRE, radii, curve[:, 0], curve[:, 1])
    parts.add(Patch(head.skin, Layer.FACE, FACE_CENTRE, radii, normals))


def _add_cheeks(parts: Parts, head: Head) -> None:
    radii = face_radii(head)
    angle = np.linspace(0.0, 2.0 * np.pi, 18, endpoint=False)
    red = mix(head.skin, (226, 84, 84), 0.38 * head.blush)
    spot = darker(head.skin, 0.35)
    for side in (-1.0, 1.0):
        cheek = on_ellipsoid(
            FACE_CENTRE, radii, side * 38.0 + 15.0 * np.cos(angle), 0.15 + 0.062 * np.sin(angle)
        )
        if head.blush > 0.15:
            parts.add(Patch(red, Layer.FACE, FACE_CENTRE, radii, cheek))
        for number in range(head.freckles):
            azimuth = side * (24.0 + 7.0 * number)
            y = 0.115 + 0.04 * (number % 2)
            dot = on_ellipsoid(
                FACE_CENTRE,
                radii,
                azimuth + 1.6 * np.cos(angle[::3]),
                y + 0.012 * np.sin(angle[::3]),
            )
            parts.add(Patch(spot, Layer.FACE, FACE_CENTRE, radii, dot))


def _add_nose(parts: Parts, nose: Nose, skin: Colour) -> None:
    colour = mix(darker(skin, 0.1), (214, 96, 88), 0.1)
    tip = NOSE_DEPTH - nose.tip
    wings = [ball(side * nose.width * 0.62, NOSE_Y + 0.012, 0.43, 0.034) for side in (-1, 1)]
    bridge = ball(0.0, 0.02 - nose.length, 0.425, 0.02)
    parts.solid(colour, Layer.NOSE, ball(0.0, NOSE_Y, tip, nose.tip), *wings, bridge, shade=0.026)
    shine = ball(-0.008, NOSE_Y - 0.016, tip + nose.tip * 0.7, nose.tip * 0.36)
    parts.solid(lighter(skin, 0.2), Layer.NOSE, shine)
