"""Eyes with lids, lashes and brows, as curves in the plane of the face."""

from __future__ import annotations

import numpy as np

from fomm_train.synthetic.drawn.anatomy import EYE_X, EYE_Y, SIDES, Array, eye_opening
from fomm_train.synthetic.drawn.curves import band, disc
from fomm_train.synthetic.drawn.identity import Brows, Eyes
from fomm_train.synthetic.drawn.palette import INK, WHITE, Colour, darker, lighter, mix
from fomm_train.synthetic.drawn.pose import Pose

_BROW_LIFT, _BROW_FROWN, _BROW_BLINK = 0.05, 0.035, 0.014


class EyePainter:
    """The curves of both eyes and brows in any pose.

    Attributes:
        colours: one for each curve.
    """

    def __init__(self, eyes: Eyes, brows: Brows) -> None:
        self._left, self._right = (_Eye(eyes, float(side)) for side in SIDES)
        self._brows = [_Brow(eyes, brows, float(side)) for side in SIDES]
        both = (*self._left.colours, *self._right.colours)
        self.colours: tuple[Colour, ...] = (*both, brows.colour, brows.colour)

    def curves(self, pose: Pose) -> list[Array]:
        """Closed curves (N, 2) in the plane of the face, in the order of painting."""
        opening, drop = (each.tolist() for each in eye_opening(pose))
        blinks = (pose.blink_left, pose.blink_right)
        return [
            *self._left.curves(opening[0], drop[0]),
            *self._right.curves(opening[1], drop[1]),
            *(
                brow.curve(pose.brow, blink)
                for brow, blink in zip(self._brows, blinks, strict=True)
            ),
        ]


class _Eye:
    """One eye. Along it runs a number from -1, the inner corner, to 1, the outer."""

    def __init__(self, eyes: Eyes, side: float) -> None:
        self._eyes = eyes
        along = np.linspace(-1.0, 1.0, 15)
        self._bow = self._lid(along)
        self._x = side * (EYE_X + eyes.half_width * along)
        self._level = EYE_Y - eyes.slant * along
        high, low = eyes.half_height * 1.17 + 0.012, eyes.half_height * 1.06 + 0.004
        self._socket = band(
            side * (EYE_X + 1.07 * eyes.half_width * along),
            self._level - high * self._bow,
            self._level + low * self._bow,
        )
        reach = np.append(along, 1.0 + 3.0 * eyes.wing)
        self._lash_x = side * (EYE_X + eyes.half_width * 1.03 * reach)
        self._lash_line = eyes.line * (1.0 - 0.55 * np.minimum(reach**2, 1.0))
        self._lash_line[-1] = 0.003
        discs = _discs(eyes)
        offsets = np.concatenate([shape for _, shape in discs])
        self._cuts = np.cumsum([len(shape) for _, shape in discs])[:-1]
        self._disc_x, self._disc_y = side * EYE_X + offsets[:, 0], EYE_Y + offsets[:, 1]
        disc_along = side * offsets[:, 0] / eyes.half_width
        self._disc_bow, self._disc_level = self._lid(disc_along), EYE_Y - eyes.slant * disc_along
        self.colours: tuple[Colour, ...] = (
            eyes.lid,
            WHITE,
            mix(WHITE, (120, 110, 140), 0.4),
            *(colour for colour, _ in discs),
            mix(darker(eyes.lid, 0.3), INK, 0.3),
            INK,
        )

    def _lid(self, along: Array) -> Array:
        """Height of a lid's edge from 0 at the corners to 1 in the middle."""
        bow: Array = (1.0 - np.minimum(np.abs(along), 1.0) ** self._eyes.roundness) ** 0.8
        return bow

    def curves(self, opening: float, drop: float) -> list[Array]:
        """Socket, white, shadow of the lid, iris and pupil, lower line, lashes."""
        half = self._eyes.half_height * opening
        upper = self._level + (drop - half) * self._bow
        lower = self._level + (drop + half) * self._bow
        return [
            self._socket,
            band(self._x, upper, lower),
            band(self._x, upper, np.minimum(upper + 0.03 * self._bow, lower)),
            *self._look(half, drop),
            band(self._x, lower - 0.004, lower + 0.007),
            self._lashes(upper),
        ]

    def _look(self, half: float, drop: float) -> list[Array]:
        """Iris, pupil and glints, cut off by the lids."""
        middle, reach = self._disc_level + drop * self._disc_bow, half * self._disc_bow
        y = np.minimum(np.maximum(self._disc_y, middle - reach), middle + reach)
        return np.split(np.stack([self._disc_x, y], axis=1), self._cuts)

    def _lashes(self, upper: Array) -> Array:
        edge = np.append(upper, upper[-1] - 0.8 * self._eyes.wing)
        return band(self._lash_x, edge - 0.75 * self._lash_line, edge + 0.25 * self._lash_line)


class _Brow:
    """One eyebrow."""

    def __init__(self, eyes: Eyes, brows: Brows, side: float) -> None:
        along = np.linspace(-0.9, 1.08, 10)
        self._x = side * (EYE_X + eyes.half_width * 1.05 * along)
        self._y = EYE_Y - eyes.half_height - brows.gap - brows.slant * along
        self._y -= (brows.arch + 0.02) * (1.0 - (along - 0.2) ** 2)
        self._half = 0.5 * brows.thickness * (1.0 - 0.65 * ((along + 0.9) / 2.0) ** 2)
        self._frown = _BROW_FROWN * 0.5 * (1.0 - along)

    def curve(self, raised: float, blink: float) -> Array:
        """The brow, raised from -1 to 1, above an eye that is closed by ``blink``."""
        y = self._y - _BROW_LIFT * raised + _BROW_BLINK * blink + self._frown * max(-raised, 0.0)
        return band(self._x, y - self._half, y + self._half)


def _discs(eyes: Eyes) -> list[tuple[Colour, Array]]:
    """Colours and outlines of iris, pupil and glints around the middle of the eye."""
    radius = eyes.iris_size * eyes.half_height
    ray = mix(eyes.iris, WHITE, 0.28)
    return [
        (darker(eyes.iris, 0.45), disc(0.0, -0.004, radius, 24)),
        (eyes.iris, disc(0.0, -0.004, radius * 0.84, 20)),
        (ray, disc(0.0, radius * 0.34, radius * 0.42, 16)),
        (INK, disc(0.0, -0.004, radius * 0.5, 16)),
        (lighter(WHITE, 0.5), disc(-0.3 * radius, -0.4 * radius, radius * 0.3, 12)),
        (mix(eyes.iris, WHITE, 0.75), disc(0.38 * radius, 0.33 * radius, radius * 0.15, 8)),
    ]
