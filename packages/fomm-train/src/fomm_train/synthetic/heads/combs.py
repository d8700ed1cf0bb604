"""Combs: the direction that strands take, given where they grow and have got to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fomm_train.synthetic.heads.hair_styles import HairStyle
from fomm_train.synthetic.heads.rigid import AnyFloats, Array, BoolArray, normalized, smoothstep


@dataclass(frozen=True, eq=False)
class Tips:
    """Tips of N strands that have grown so far.

    Attributes:
        template: (N, 3) of the roots on the template.
        points: (N, 3) of the tips.
        across: (N,), roots' distance from the parting to the person's left.
        share: of the length that is grown, 0 to 1.
    """

    template: Array
    points: Array
    across: Array
    share: float


def direction(style: HairStyle, tips: Tips) -> Array:
    """Direction (N, 3) into which a style combs strands, not of unit length."""
    return _COMBS[style.comb](style, tips)


def tie_point(style: HairStyle) -> Array:
    """Point at which tied hair is tied."""
    return np.array([0.0, style.tie, -9.6])


def has_bangs(template: Array) -> BoolArray:
    """Which roots (N, 3) of the template bangs grow from."""
    bangs: BoolArray = (template[:, 2] > 5.8) & (template[:, 1] > 7)
    return bangs


def _vector(x: AnyFloats | float, y: AnyFloats | float, z: AnyFloats | float, tips: Tips) -> Array:
    count = len(tips.points)
    return np.stack([np.broadcast_to(part, count) for part in (x, y, z)], axis=-1)


def _side_of(tips: Tips) -> Array:
    """1 on the left of the parting, -1 on the right."""
    return np.where(tips.across >= 0, 1.0, -1.0)


def _forward(style: HairStyle, tips: Tips) -> Array:
    over = _vector(0.08 * tips.across, -0.2, 0.9, tips)
    low = (tips.template[:, 1] < 6) & (tips.template[:, 2] < 6)
    return np.where(low[:, None], _vector(0.0, -1.0, 0.25, tips), over)


def _to_side(style: HairStyle, tips: Tips) -> Array:
    return _vector(0.9 * style.side, -0.15, 0.3, tips)


def _back(style: HairStyle, tips: Tips) -> Array:
    return _vector(0.05 * tips.across, 0.25 - 1.1 * tips.share, -1.0, tips)


def _up(style: HairStyle, tips: Tips) -> Array:
    return _vector(0.05 * tips.across, 0.5, 0.1, tips)


def _tie(style: HairStyle, tips: Tips) -> Array:
    return normalized(tie_point(style) - tips.points)


def _apart(style: HairStyle, tips: Tips) -> Array:
    left = 1.0 - tips.share
    return _vector(0.85 * left * _side_of(tips), -0.35 - 0.7 * tips.share, -0.2 * left, tips)


def _low(tips: Tips) -> tuple[Array, Array]:
    """Share to which tips hang down, and the way in below the jaw."""
    x, y, _ = tips.points.T
    low = smoothstep(11.5, 5.0, y)
    return low, -0.18 * np.sign(x) * (np.abs(x) > 7.5) * low


def _down(style: HairStyle, tips: Tips) -> Array:
    low, inward = _low(tips)
    behind = np.where(tips.template[:, 2] > 3, -0.45, -0.15) * (1 - low)
    side = _side_of(tips)
    hanging = _vector(0.95 * side * (1 - low) + inward, -0.25 - 1.2 * low, behind, tips)
    x, y, _ = tips.points.T
    front = (tips.template[:, 2] > 4) & (np.abs(x) < 7.2) & (y > 1)
    framing = _vector(0.9 * side, -0.35 - 0.5 * low, -0.55, tips)
    return np.where(front[:, None], framing, hanging)


def _bangs(style: HairStyle, tips: Tips) -> Array:
    low, inward = _low(tips)
    side = 0.95 * _side_of(tips) * (1 - low) + inward
    hanging = _vector(side, -0.25 - 1.2 * low, -0.3 * (1 - low), tips)
    fringe = _vector(0.04 * tips.across, -0.7, 0.8, tips)
    return np.where(has_bangs(tips.template)[:, None], fringe, hanging)


_COMBS: dict[str, Callable[[HairStyle, Tips], Array]] = {
    "forward": _forward,
    "side": _to_side,
    "back": _back,
    "up": _up,
    "tie": _tie,
    "apart": _apart,
    "down": _down,
    "bangs": _bangs,
}
