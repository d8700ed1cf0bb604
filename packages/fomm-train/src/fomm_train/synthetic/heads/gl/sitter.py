"""A person who is ready to be rendered: what the card holds of an identity."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from fomm_train.synthetic.heads.figure import ClothMaterial, Figure, HairMaterial, Item
from fomm_train.synthetic.heads.gl.atlas import SkinAtlas
from fomm_train.synthetic.heads.gl.buffers import MeshBuffers, vertex_array
from fomm_train.synthetic.heads.gl.programs import BACKDROP, Programs
from fomm_train.synthetic.heads.gl.uniforms import Value


class DrawnItem:
    """An item on the card, bound to the programs that show it.

    Args:
        context: moderngl's.
        programs: of the context.
        item: what it is.

    Attributes:
        item: what it is.
        uniforms: of its material.
    """

    def __init__(self, context: Any, programs: Programs, item: Item) -> None:
        self.item = item
        self.uniforms: dict[str, Value] = asdict(item.material)
        if item.label is not None:
            self.uniforms["label"] = int(item.label)
        self._buffers = MeshBuffers(context, item.mesh)
        hair = isinstance(item.material, HairMaterial)
        self.program = programs.hair if hair else programs.cloth
        self.label_program = programs.hair_label if hair else programs.cloth_label
        shown, indices = [self._buffers.shown], self._buffers.indices
        self.vertices = vertex_array(context, self.program, shown, indices)
        self.label_vertices = vertex_array(context, self.label_program, shown, indices)
        shadow = [self._buffers.shadow]
        self.shadow_vertices = vertex_array(context, programs.shadow, shadow, indices)

    @property
    def is_hair(self) -> bool:
        """Whether it is hair, which lets light through between its strands."""
        return isinstance(self.item.material, HairMaterial)

    @property
    def is_glass(self) -> bool:
        """Whether one sees through it; it throws no shadow."""
        return isinstance(self.item.material, ClothMaterial) and self.item.material.is_glass

    def release(self) -> None:
        """Give the memory back."""
        for held in (self.vertices, self.label_vertices, self.shadow_vertices, self._buffers):
            held.release()


class Sitter:
    """An identity on the card.

    Args:
        context: moderngl's.
        programs: of the context.
        figure: its geometry.
        atlas: its skin, painted.

    Attributes:
        figure: its geometry.
        items: what it wears.
        exposure: of the camera; to be set.
    """

    def __init__(self, context: Any, programs: Programs, figure: Figure, atlas: SkinAtlas) -> None:
        self.figure = figure
        self.items = [DrawnItem(context, programs, item) for item in figure.items]
        self.exposure = 1.0
        self._atlas = atlas
        size = figure.backdrop.shape[:2]
        pixels = np.ascontiguousarray(figure.backdrop, np.float32).tobytes()
        self._backdrop = context.texture(size, 3, pixels, dtype="f4")

    def use(self) -> None:
        """Bind its textures."""
        self._atlas.use()
        self._backdrop.use(BACKDROP)

    def release(self) -> None:
        """Give the memory back."""
        for held in (*self.items, self._backdrop, self._atlas):
            held.release()
