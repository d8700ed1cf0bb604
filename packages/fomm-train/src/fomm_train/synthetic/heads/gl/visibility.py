"""Visibility of points from many directions, by depth maps."""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.gl.context import Graphics
from fomm_train.synthetic.heads.rigid import Array, BoolArray, normalized

_SIDE = 768
_SCALE = 1 / 26
_BIAS = 0.006
_MIDDLE: Array = np.array([0.0, -2.0, 0.0])


class DepthMaps:
    """Depth maps of a mesh.

    Args:
        graphics: an open context.
        vertices: (N, 3) of the mesh, within 24 units of its middle.
        triangles: (T, 3).
    """

    def __init__(self, graphics: Graphics, vertices: FloatArray, triangles: IntArray) -> None:
        self._context = context = graphics.context
        self._points = vertices - _MIDDLE
        self._program = graphics.program("depth.vert", "shadow.frag")
        points = context.buffer(self._points.astype(np.float32).tobytes())
        indices = context.buffer(triangles.astype(np.int32).tobytes())
        self._array = context.vertex_array(self._program, [(points, "3f", "position")], indices)
        self._depth = context.depth_texture((_SIDE, _SIDE))
        self._target = context.framebuffer(depth_attachment=self._depth)

    def visible_from(self, direction: Array) -> BoolArray:
        """Which vertices (N,) can be seen from far away in a direction."""
        axes = _axes(direction)
        self._program["view"].write((axes * _SCALE).T.astype(np.float32).tobytes())
        self._target.use()
        self._target.clear(depth=1.0)
        self._context.enable_only(self._context.DEPTH_TEST)
        self._array.render()
        depth = np.frombuffer(self._depth.read(), np.float32).reshape(_SIDE, _SIDE) * 2 - 1
        seen = self._points @ axes.T * _SCALE
        column, row = np.clip(((seen[:, :2] + 1) / 2 * _SIDE).astype(int), 0, _SIDE - 1).T
        visible: BoolArray = -seen[:, 2] <= depth[row, column] + _BIAS
        return visible


def _axes(direction: Array) -> Array:
    """Two axes across a direction, and the direction, (3, 3)."""
    other = (0.3, 0.1, 0.9) if abs(direction[2]) < 0.8 else (1.0, 0.0, 0.0)
    right = normalized(np.cross(direction, other))
    return np.stack([right, np.cross(direction, right), direction])
