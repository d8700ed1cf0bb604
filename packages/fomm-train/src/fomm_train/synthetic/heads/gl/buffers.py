"""Vertices and triangles on the graphics card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import SKIN_PARTS, HeadAssets, IntArray, Part
from fomm_train.synthetic.heads.mesh import Mesh


@dataclass(frozen=True)
class Field:
    """A part of a vertex: its name in shaders, and its number of floats."""

    name: str
    floats: int


@dataclass(frozen=True, eq=False)
class VertexBuffer:
    """Vertices, each of some fields of floats."""

    buffer: Any
    fields: tuple[Field, ...]

    def layout(self, program: Any) -> tuple[Any, ...]:
        """The fields that a program reads, as moderngl wants it; the others are stepped over."""
        used = [field for field in self.fields if field.name in program]
        steps = (
            f"{field.floats}f" if field in used else f"{4 * field.floats}x" for field in self.fields
        )
        return (self.buffer, " ".join(steps), *(field.name for field in used))


def vertex_array(context: Any, program: Any, buffers: Sequence[VertexBuffer], indices: Any) -> Any:
    """Bind buffers to the inputs of a program."""
    layouts = [buffer.layout(program) for buffer in buffers]
    return context.vertex_array(program, [layout for layout in layouts if len(layout) > 2], indices)


MESH_FIELDS = (Field("position", 3), Field("normal", 3), Field("tangent", 3), Field("traits", 4))
_MESH_SHADOW_FIELDS = (Field("position", 3), Field("", 9), Field("neck", 1))


class HeadBuffers:
    """The head model on the card: what stays, and what moves with every frame.

    Args:
        context: moderngl's.
        assets: of the head.
    """

    def __init__(self, context: Any, assets: HeadAssets) -> None:
        self._split = assets.split
        fixed = context.buffer(_fixed(assets).tobytes())
        moving = context.buffer(reserve=len(assets.split) * 24)
        self._moving = moving
        self.moving = VertexBuffer(moving, (Field("position", 3), Field("normal", 3)))
        traits = (Field("template_position", 3), Field("uv", 2), Field("traits", 3))
        self.fixed = VertexBuffer(fixed, traits)
        self.neck = VertexBuffer(fixed, (Field("", 7), Field("neck", 1)))
        part = assets.split_part[assets.split_triangles[:, 0]]
        self.opaque = self._indices(context, assets.split_triangles[part != Part.LASHES])
        self.lashes = self._indices(context, assets.split_triangles[part == Part.LASHES])
        self.skin = self._indices(context, assets.split_triangles[np.isin(part, SKIN_PARTS)])

    def write(self, vertices: FloatArray, normals: FloatArray) -> None:
        """Set the vertices of a frame, (L, 3) each."""
        moving = np.concatenate([vertices, normals], axis=1)[self._split]
        self._moving.write(np.ascontiguousarray(moving, np.float32).tobytes())

    @staticmethod
    def _indices(context: Any, triangles: IntArray) -> Any:
        # A buffer of no bytes is none to OpenGL: one triangle without area stands in.
        shown = triangles if len(triangles) else np.zeros((1, 3))
        return context.buffer(shown.astype(np.int32).tobytes())


def _fixed(assets: HeadAssets) -> FloatArray:
    """Constant part of each vertex: place on the template, texture, part, occlusion, neck."""
    uv = assets.uv.copy()
    # Face and head share one texture, side by side.
    uv[np.isin(assets.split_part, SKIN_PARTS), 0] *= 0.5
    columns = [
        assets.vertices[assets.split],
        uv,
        assets.split_part[:, None],
        assets.occlusion[assets.split][:, None],
        assets.neck[assets.split][:, None],
    ]
    fixed: FloatArray = np.concatenate(columns, axis=1).astype(np.float32)
    return fixed


class MeshBuffers:
    """A mesh on the card.

    Args:
        context: moderngl's.
        mesh: what is to be there.
    """

    def __init__(self, context: Any, mesh: Mesh) -> None:
        columns = [mesh.positions, mesh.normals, mesh.tangents, mesh.attributes]
        vertices = np.concatenate(columns, axis=1).astype(np.float32)
        self._vertices = context.buffer(vertices.tobytes())
        self.indices = context.buffer(mesh.triangles.astype(np.int32).tobytes())
        self.shown = VertexBuffer(self._vertices, MESH_FIELDS)
        self.shadow = VertexBuffer(self._vertices, _MESH_SHADOW_FIELDS)

    def release(self) -> None:
        """Give the memory back."""
        self._vertices.release()
        self.indices.release()
