"""Mouth with lips, teeth and tongue, and the beard around it, as curves in the face's plane."""

from __future__ import annotations

import numpy as np

from fomm_train.synthetic.drawn.anatomy import MOUTH_Y, Array, lip_shifts, mouth_line, mouth_stretch
from fomm_train.synthetic.drawn.curves import band
from fomm_train.synthetic.drawn.identity import Beard, Mouth
from fomm_train.synthetic.drawn.palette import WHITE, Colour, darker, lighter, mix
from fomm_train.synthetic.drawn.pose import Pose

_INSIDE: Colour = (86, 20, 34)
_TONGUE: Colour = (222, 96, 104)
_SEAM = 0.009
_TEETH = 0.05


class MouthPainter:
    """The curves of the mouth in any pose.

    Attributes:
        colours: one for each curve.
    """

    def __init__(self, mouth: Mouth, beard: Beard | None) -> None:
        self._mouth = mouth
        self._beard = beard.style if beard else None
        self._along = np.linspace(-1.0, 1.0, 19)
        self._gape = (1.0 - self._along**2) ** 0.7
        self._upper = (1.0 - np.abs(self._along) ** 2.4) * (
            1.0 - 0.3 * np.exp(-((self._along / 0.2) ** 2))
        )
        self._lower = (1.0 - self._along**2) ** 0.6
        around = () if beard is None else _beard_colours(beard)
        self.colours: tuple[Colour, ...] = (
            *around,
            mouth.lips,
            lighter(mouth.lips, 0.25),
            _INSIDE,
            _TONGUE,
            mix(WHITE, (214, 206, 214), 0.3),
            WHITE,
            darker(mouth.lips, 0.55),
        )

    def curves(self, pose: Pose) -> list[Array]:
        """Closed curves (N, 2) in the plane of the face, in the order of painting."""
        mouth, along = self._mouth, self._along
        x = mouth.half_width * mouth_stretch(pose) * along
        line = mouth_line(x, pose)
        up, down = lip_shifts(pose)
        top, bottom = line - up * self._gape, line + down * self._gape
        full = 1.0 - 0.2 * pose.mouth_width
        over = top - mouth.upper * full * self._upper
        under = bottom + mouth.lower * full * self._lower
        gap = bottom - top
        teeth = np.minimum(top + _TEETH * self._gape, top + 0.8 * gap)
        low_teeth = np.maximum(bottom - 0.3 * _TEETH * self._gape, top + 0.9 * gap)
        tongue = np.maximum(bottom - 0.085 * np.maximum(self._gape * 1.6 - 0.6, 0.0), teeth)
        shine = slice(5, 14)
        curves = [
            band(x, over, under),
            band(
                x[shine],
                bottom[shine] + 0.4 * mouth.lower * full,
                bottom[shine] + (0.4 + 0.3 * self._gape[shine]) * mouth.lower * full,
            ),
            band(x, top, bottom),
            band(x, tongue, bottom),
            band(x, low_teeth, bottom),
            band(x, top, teeth),
            band(x * 1.04, top - 0.5 * _SEAM, top + 0.5 * _SEAM),
        ]
        return self._around(pose, up, down) + curves

    def _around(self, pose: Pose, up: float, down: float) -> list[Array]:
        """Moustache and goatee."""
        curves: list[Array] = []
        if self._beard == "goatee":
            angle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
            y = MOUTH_Y + 0.095 + 0.6 * down + (0.135 + 0.4 * down) * np.sin(angle)
            x = 1.02 * self._mouth.half_width * np.cos(angle) * (1.0 - 0.3 * np.sin(angle))
            curves.append(np.stack([x, y], axis=1))
        if self._beard in ("goatee", "moustache"):
            curves.append(self._moustache(pose, up))
        return curves

    def _moustache(self, pose: Pose, up: float) -> Array:
        x = 1.18 * self._mouth.half_width * mouth_stretch(pose) * self._along
        line = mouth_line(x, pose) - up * np.maximum(self._gape, 0.4)
        notch = 0.35 * np.exp(-((self._along / 0.16) ** 2))
        height = 0.085 * (1.0 - np.abs(self._along) ** 2.2) * (1.0 - notch)
        return band(x, line - 0.008 - height, line - 0.008 + 0.03 * np.abs(self._along) ** 1.5)


def _beard_colours(beard: Beard) -> tuple[Colour, ...]:
    count = {"goatee": 2, "moustache": 1}.get(beard.style, 0)
    return (beard.colour,) * count
