"""All compiled programs, and the light and placement that they share."""

from __future__ import annotations

from typing import Any

import numpy as np

from fomm_train.synthetic.heads.gl.context import Graphics
from fomm_train.synthetic.heads.gl.uniforms import Value
from fomm_train.synthetic.heads.identity import Light
from fomm_train.synthetic.heads.rigid import Array, Placement, normalized

NOISE, SHADOW, ALBEDO, RELIEF, BACKDROP, SKIN_LABELS, MASKS = range(7)
"""Places at which textures are bound."""

TEXTURES: dict[str, Value] = {
    "noise": NOISE,
    "shadow_map": SHADOW,
    "albedo": ALBEDO,
    "relief": RELIEF,
    "backdrop": BACKDROP,
    "skin_labels": SKIN_LABELS,
    "masks": MASKS,
}

_MOST_LAMPS = 3
_SUN_REACH, _SUN_DEPTH = 24.0, 0.6
_SUN_TARGET: Array = np.array([[0.0, 1.0, 0.0]])


class Programs:
    """The programs of a context.

    Args:
        graphics: the context.
    """

    def __init__(self, graphics: Graphics) -> None:
        self.head: Any = graphics.program("head.vert", "head.frag")
        self.hair: Any = graphics.program("mesh.vert", "hair.frag")
        self.cloth: Any = graphics.program("mesh.vert", "cloth.frag")
        self.shadow: Any = graphics.program("shadow.vert", "shadow.frag")
        self.backdrop: Any = graphics.program("backdrop.vert", "backdrop.frag")
        self.atlas: Any = graphics.program("atlas.vert", "atlas.frag")
        self.head_label: Any = graphics.program("head.vert", "head_label.frag")
        self.hair_label: Any = graphics.program("mesh.vert", "hair_label.frag")
        self.cloth_label: Any = graphics.program("mesh.vert", "cloth_label.frag")


def placement_uniforms(placement: Placement) -> dict[str, Value]:
    """A placement as the shaders want it."""
    near, far = placement.depth_range()
    scale, offset = (far + near) / (far - near), -2 * far * near / (far - near)
    return {
        "head_axis": placement.head,
        "torso_axis": placement.torso,
        "shift": placement.shift,
        "camera": (placement.focal, placement.distance, scale, offset),
        "camera_distance": placement.distance,
    }


def light_uniforms(light: Light, exposure: float) -> dict[str, Value]:
    """Light as the shaders want it."""
    directions, colours = np.zeros((_MOST_LAMPS, 3)), np.zeros((_MOST_LAMPS, 3))
    for place, lamp in enumerate(light.lamps):
        directions[place], colours[place] = lamp.direction, lamp.colour
    return {
        "lamp_direction": directions,
        "lamp_colour": colours,
        "lamps": len(light.lamps),
        "ambient_light": np.array(light.ambient),
        "shadow_strength": light.shadow,
        "softness": light.softness,
        "exposure": exposure,
    }


def sun_matrix(light: Light, placement: Placement) -> Array:
    """Projection (4, 4) of the world to the map of the first lamp's shadows, by columns."""
    toward = np.array(light.lamps[0].direction)
    up = (0.0, 1.0, 0.0) if abs(toward[1]) < 0.95 else (1.0, 0.0, 0.0)
    right = normalized(np.cross(up, toward))
    axes = np.stack([right, np.cross(toward, right), -toward]) / _SUN_REACH
    matrix = np.eye(4)
    matrix[:3, :3] = axes
    matrix[:3, 3] = -axes @ placement.world(_SUN_TARGET, np.ones(1))[0]
    matrix[2] *= _SUN_DEPTH
    transposed: Array = matrix.T
    return transposed
