"""The skin of an identity as textures, painted once on the card."""

from __future__ import annotations

from typing import Any

import numpy as np

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.heads.gl.context import Graphics
from fomm_train.synthetic.heads.gl.programs import ALBEDO, RELIEF, SKIN_LABELS
from fomm_train.synthetic.heads.gl.uniforms import Value, set_uniforms
from fomm_train.synthetic.heads.identity import Identity

_EMPTY_GLOSS = 0.3


class SkinAtlas:
    """Textures of one skin: colour and gloss, relief with the folds of expressions, labels.

    Args:
        graphics: the context.
        side: height in pixels; the width is twice that.
    """

    def __init__(self, graphics: Graphics, side: int) -> None:
        context = graphics.context
        size = (2 * side, side)
        self._albedo = context.texture(size, 4)
        self._relief = context.texture(size, 4)
        self._labels = context.texture(size, 1)
        self._target = context.framebuffer([self._albedo, self._relief, self._labels])
        for texture in (self._albedo, self._relief):
            texture.filter = (context.LINEAR_MIPMAP_LINEAR, context.LINEAR)
            # Mesa's processor never comes back from anisotropic filtering.
            texture.anisotropy = 1.0 if graphics.in_software else 4.0
        self._labels.filter = (context.NEAREST, context.NEAREST)

    def paint(self, context: Any, vertices: Any, identity: Identity) -> None:
        """Paint the skin of an identity.

        Args:
            context: moderngl's.
            vertices: the head's skin, bound to the program that paints.
            identity: whose skin.
        """
        self._target.use()
        context.disable(context.DEPTH_TEST | context.CULL_FACE | context.BLEND)
        self._target.clear(*np.sqrt(identity.skin.colour).tolist(), _EMPTY_GLOSS)
        set_uniforms(vertices.program, _skin_uniforms(identity))
        vertices.render()
        for texture in (self._albedo, self._relief):
            texture.build_mipmaps()

    def use(self) -> None:
        """Bind the textures to their places."""
        self._albedo.use(ALBEDO)
        self._relief.use(RELIEF)
        self._labels.use(SKIN_LABELS)

    def release(self) -> None:
        """Give the memory back."""
        for held in (self._target, self._albedo, self._relief, self._labels):
            held.release()


def _skin_uniforms(identity: Identity) -> dict[str, Value]:
    skin, brows, beard, make_up = identity.skin, identity.brows, identity.beard, identity.make_up
    random = make_rng(identity.seed, "head skin")
    shaved = 0.25 * float(random.random() < 0.5)
    return {
        "seed": random.random(3),
        "skin": skin.colour,
        "red": skin.red,
        "mottle": skin.mottle,
        "freckles": skin.freckles,
        "moles": skin.moles,
        "wrinkles": skin.wrinkles,
        "pores": skin.pores,
        "bags": skin.bags,
        "roughness": skin.roughness,
        "lips": identity.mouth.lips,
        "lip_gloss": identity.mouth.lip_gloss,
        "brow_colour": brows.colour,
        "brow_thickness": brows.thickness,
        "brow_density": brows.density,
        "brow_height": brows.height,
        "brow_arch": brows.arch,
        "stubble": beard.stubble,
        "moustache": beard.moustache,
        "beard": beard.full,
        "goatee": beard.goatee,
        "shadow_colour": make_up.shadow_colour,
        "eye_shadow": make_up.shadow,
        "liner": make_up.liner,
        "blush": make_up.blush,
        "hair_colour": np.array(identity.hair.colour) * 0.8,
        "hairline": identity.hair.hairline,
        "scalp_paint": {"bald": shaved, "buzz": 0.85}.get(identity.hair.style, 1.0),
    }
