"""The scalp: where hair grows, and the roots of its strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.hair_styles import SHORT_STYLES, HairStyle
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.rigid import AnyFloats, Array, BoolArray, normalized, smoothstep

HAIRLINE_Z = (-9.0, -6.0, -4.0, -2.2, -0.5, 2.5, 4.2, 5.2, 6.5, 8.0, 9.5)
HAIRLINE_Y = (-6.0, -6.0, -4.5, 1.0, 5.0, 5.2, 3.0, 5.5, 7.5, 9.2, 9.9)
"""Height of the hairline on the template, from the nape to the forehead."""

_BELOW = -0.15


@dataclass(frozen=True, eq=False)
class Roots:
    """Roots of N strands.

    Attributes:
        template: (N, 3), where they are on the template.
        points, normals: (N, 3), where they are on the identity, and outward there.
        lengths: (N,) of the strands.
    """

    template: Array
    points: Array
    normals: Array
    lengths: Array


def above_hairline(points: AnyFloats, hairline: tuple[float, float, float]) -> Array:
    """Height of template points (N, 3) above the hairline; hair grows where it is positive.

    Args:
        points: on the template.
        hairline: height, recession at the temples, asymmetry.
    """
    x, y, z = points.T
    height, recession, asymmetry = hairline
    temples = np.exp(-(((np.abs(x) - 4.6) / 2.6) ** 2)) * smoothstep(3, 7, z)
    receded = recession * (temples + 0.5 * smoothstep(4, 8, z))
    raised = height * 0.6 * smoothstep(3, 6, z)
    skewed = asymmetry * 0.1 * x * smoothstep(5, 8, z)
    above: Array = y - np.interp(z, HAIRLINE_Z, HAIRLINE_Y) - raised - receded + skewed
    return above


def plant(
    model: HeadModel,
    neutral: FloatArray,
    normals: FloatArray,
    style: HairStyle,
    hairline: tuple[float, float, float],
    draw: Draw,
) -> Roots:
    """Spread roots evenly over the scalp of an identity."""
    triangles = model.skin_triangles[_is_scalp(model, hairline)[model.skin_triangles].all(axis=1)]
    first, second, third = (neutral[triangles[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(second - first, third - first), axis=1)
    random = draw.stream
    chosen = triangles[random.choice(len(triangles), style.count, p=area / area.sum())]
    shares = random.dirichlet([1, 1, 1], style.count)[..., None]
    template = (model.assets.vertices[chosen] * shares).sum(axis=1)
    outward = normalized((normals[chosen] * shares).sum(axis=1))
    lengths = random.uniform(min(style.length), max(style.length), style.count)
    lengths *= _relative_length(template, style)
    lengths *= 0.6 + 0.4 * smoothstep(-0.1, 1.5, above_hairline(template, hairline))
    return Roots(template, (neutral[chosen] * shares).sum(axis=1), outward, lengths)


def _is_scalp(model: HeadModel, hairline: tuple[float, float, float]) -> BoolArray:
    skin = model.assets.vertices[: model.skin_count]
    x, y, z = skin.T
    ears = (np.abs(x) > 7.45) & (y < 5.2) & (z > -2.2) & (z < 4.6)
    scalp = np.zeros(len(model.assets.vertices), bool)
    scalp[: model.skin_count] = (above_hairline(skin, hairline) > _BELOW) & ~ears
    return scalp


def _relative_length(template: Array, style: HairStyle) -> Array:
    """Short styles get shorter towards the neck."""
    if style.name not in SHORT_STYLES:
        return np.ones(len(template))
    y = template[:, 1]
    taper, top = smoothstep(-6, 5.5, y), smoothstep(5.5, 7.5, y)
    faded = np.where(y < 5.5, style.fade + (1 - style.fade) * taper * 0.6, 1.0)
    relative: Array = faded * (0.55 + 0.45 * np.clip(top + taper, 0, 1))
    return relative
