"""Pictures and label maps of a sitter, drawn on the card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fomm_core.image import ByteArray
from fomm_train.synthetic.heads.assets import HeadAssets
from fomm_train.synthetic.heads.figure import Figure
from fomm_train.synthetic.heads.gl.atlas import SkinAtlas
from fomm_train.synthetic.heads.gl.buffers import Field, HeadBuffers, VertexBuffer, vertex_array
from fomm_train.synthetic.heads.gl.context import open_graphics
from fomm_train.synthetic.heads.gl.programs import (
    MASKS,
    NOISE,
    SHADOW,
    TEXTURES,
    Programs,
    light_uniforms,
    placement_uniforms,
    sun_matrix,
)
from fomm_train.synthetic.heads.gl.sitter import DrawnItem, Sitter
from fomm_train.synthetic.heads.gl.uniforms import Value, set_uniforms
from fomm_train.synthetic.heads.identity import Identity
from fomm_train.synthetic.heads.posing import PosedHead
from fomm_train.synthetic.heads.rigid import Placement

_SAMPLES = 4
_SHADOW_SIDE = 512
_ALPHA_TO_COVERAGE = 0x809E
_CORNERS = (-1, -1, 1, -1, -1, 1, 1, 1)
_LIDS = ((42, 0, 45, 1), (39, 2, 36, 3))
"""Landmarks of the eyes' corners, and keypoints of the middles of lids, left and right."""

_BUMP = 0.55
_YOUNG_FOLDS = 0.45
_LASHES = 0.75


class Stage:
    """A context in which people are rendered.

    Args:
        assets: of the head.
        size: height and width of label maps in pixels.
        picture_size: the same of pictures.
        atlas_side: height of the textures of skins.

    Raises:
        EngineError: there is no OpenGL; the message says what to install.
    """

    def __init__(self, assets: HeadAssets, size: int, picture_size: int, atlas_side: int) -> None:
        self._graphics = open_graphics()
        self._context = self._graphics.context
        self._assets, self._atlas_side = assets, atlas_side
        self._size, self._picture_size = size, picture_size
        with self._context:
            self._make_everything(assets)

    def _make_everything(self, assets: HeadAssets) -> None:
        context = self._context
        self._programs = Programs(self._graphics)
        self._head = HeadBuffers(context, assets)
        self._make_targets()
        self._make_vertex_arrays()
        self._noise = self._graphics.noise()
        masks = np.ascontiguousarray(assets.masks)
        self._masks = context.texture(masks.shape[1::-1], 3, masks.tobytes())
        for program in vars(self._programs).values():
            set_uniforms(program, TEXTURES)

    @property
    def renderer(self) -> str:
        """Name of what renders."""
        return self._graphics.name

    def seat(self, figure: Figure) -> Sitter:
        """Bring a person to the card; its exposure is to be set."""
        with self._context:
            self._use_common_textures()
            atlas = SkinAtlas(self._graphics, self._atlas_side)
            atlas.paint(self._context, self._atlas_vertices, figure.identity)
            return Sitter(self._context, self._programs, figure, atlas)

    def dismiss(self, sitter: Sitter) -> None:
        """Give the memory of a person back."""
        with self._context:
            sitter.release()

    def picture(self, sitter: Sitter, head: PosedHead, placement: Placement) -> ByteArray:
        """Render a frame, (picture_size, picture_size, 3) uint8."""
        with self._context:
            uniforms = self._begin(sitter, head, placement)
            self._draw_shadows(sitter, uniforms)
            self._draw_picture(sitter, head, uniforms)
            self._context.copy_framebuffer(self._resolved, self._picture)
            return _read(self._resolved, self._picture_size, 3)

    def labels(self, sitter: Sitter, head: PosedHead, placement: Placement) -> ByteArray:
        """Render the label map of a frame, (size, size) uint8."""
        with self._context:
            self._draw_labels(sitter, self._begin(sitter, head, placement))
            return _read(self._label_map, self._size, 1)[..., 0]

    def _draw_picture(self, sitter: Sitter, head: PosedHead, uniforms: dict[str, Value]) -> None:
        context, programs = self._context, self._programs
        self._picture.use()
        self._picture.clear(0, 0, 0, 1, depth=1.0)
        context.disable(context.DEPTH_TEST)
        self._backdrop_vertices.render(context.TRIANGLE_STRIP)
        context.enable_only(context.DEPTH_TEST)
        set_uniforms(programs.head, {**uniforms, **_face_uniforms(sitter, head, self._assets)})
        self._head_vertices.render()
        self._draw(_solid(sitter), uniforms)
        context.enable_direct(_ALPHA_TO_COVERAGE)
        self._lash_vertices.render()
        set_uniforms(programs.hair, _hair_uniforms(sitter.figure.identity))
        self._draw(_hair(sitter), uniforms)
        context.disable_direct(_ALPHA_TO_COVERAGE)
        self._draw_glass(sitter, uniforms)

    def _draw_labels(self, sitter: Sitter, uniforms: dict[str, Value]) -> None:
        self._label_map.use()
        self._label_map.clear(0, 0, 0, 0, depth=1.0)
        self._context.enable_only(self._context.DEPTH_TEST)
        set_uniforms(self._programs.head_label, uniforms)
        self._head_label_vertices.render()
        for item in sitter.items:
            if item.item.label is not None:
                set_uniforms(item.label_program, {**uniforms, **item.uniforms})
                item.label_vertices.render()

    def _make_targets(self) -> None:
        context, large, small = self._context, (self._picture_size,) * 2, (self._size,) * 2
        self._picture = context.framebuffer(
            [context.renderbuffer(large, 4, samples=_SAMPLES)],
            context.depth_renderbuffer(large, samples=_SAMPLES),
        )
        self._resolved = context.framebuffer([context.renderbuffer(large, 4)])
        self._label_map = context.framebuffer(
            [context.renderbuffer(small, 1)], context.depth_renderbuffer(small)
        )
        self._shadows = context.depth_texture((_SHADOW_SIDE,) * 2)
        self._shadows.compare_func = ""
        self._shadows.repeat_x = self._shadows.repeat_y = False
        self._shadows.filter = (context.LINEAR, context.LINEAR)
        self._shadow_map = context.framebuffer(depth_attachment=self._shadows)

    def _make_vertex_arrays(self) -> None:
        context, programs, head = self._context, self._programs, self._head
        both = [head.moving, head.fixed]
        self._head_vertices = vertex_array(context, programs.head, both, head.opaque)
        self._lash_vertices = vertex_array(context, programs.head, both, head.lashes)
        self._head_label_vertices = vertex_array(context, programs.head_label, both, head.opaque)
        shadow = [head.moving, head.neck]
        self._shadow_vertices = vertex_array(context, programs.shadow, shadow, head.skin)
        self._atlas_vertices = vertex_array(context, programs.atlas, [head.fixed], head.skin)
        corners = context.buffer(np.array(_CORNERS, np.float32).tobytes())
        rectangle = [VertexBuffer(corners, (Field("corner", 2),))]
        self._backdrop_vertices = vertex_array(context, programs.backdrop, rectangle, None)

    def _use_common_textures(self) -> None:
        self._noise.use(NOISE)
        self._shadows.use(SHADOW)
        self._masks.use(MASKS)

    def _begin(self, sitter: Sitter, head: PosedHead, placement: Placement) -> dict[str, Value]:
        """Bring a frame's vertices and textures to the card; the uniforms of all programs."""
        self._head.write(head.vertices, head.normals)
        self._use_common_textures()
        sitter.use()
        light = sitter.figure.identity.light
        return {
            **placement_uniforms(placement),
            **light_uniforms(light, sitter.exposure),
            "sun": sun_matrix(light, placement),
        }

    def _draw_shadows(self, sitter: Sitter, uniforms: dict[str, Value]) -> None:
        self._shadow_map.use()
        self._shadow_map.clear(depth=1.0)
        self._context.enable_only(self._context.DEPTH_TEST)
        set_uniforms(self._programs.shadow, uniforms)
        self._shadow_vertices.render()
        for item in sitter.items:
            if not item.is_glass:
                item.shadow_vertices.render()

    def _draw(self, items: Iterable[DrawnItem], uniforms: dict[str, Value]) -> None:
        for item in items:
            set_uniforms(item.program, {**uniforms, **item.uniforms})
            item.vertices.render()

    def _draw_glass(self, sitter: Sitter, uniforms: dict[str, Value]) -> None:
        context = self._context
        context.enable(context.BLEND)
        context.blend_func = context.SRC_ALPHA, context.ONE_MINUS_SRC_ALPHA
        self._draw((item for item in sitter.items if item.is_glass), uniforms)
        context.disable(context.BLEND)


def _solid(sitter: Sitter) -> list[DrawnItem]:
    return [item for item in sitter.items if not item.is_hair and not item.is_glass]


def _hair(sitter: Sitter) -> list[DrawnItem]:
    return [item for item in sitter.items if item.is_hair]


def _read(target: Any, size: int, components: int) -> ByteArray:
    """Pixels (size, size, components) of a framebuffer, the first row on top."""
    pixels = np.frombuffer(target.read(components=components, alignment=1), np.uint8)
    return np.ascontiguousarray(pixels.reshape(size, size, components)[::-1])


def _hair_uniforms(identity: Identity) -> dict[str, Value]:
    hair = identity.hair
    return {"hair_colour": hair.colour, "second_colour": hair.second, "shine": hair.shine}


def _face_uniforms(sitter: Sitter, head: PosedHead, assets: HeadAssets) -> dict[str, Value]:
    identity = sitter.figure.identity
    eyes, mouth = identity.eyes, identity.mouth
    left, right = (
        head.vertices[
            [
                assets.landmarks[inner],
                assets.keypoints[upper],
                assets.landmarks[outer],
                assets.keypoints[lower],
            ]
        ]
        for inner, upper, outer, lower in _LIDS
    )
    return {
        "eye_centre": head.eye_centres,
        "gaze": head.gaze,
        "lid_left": left,
        "lid_right": right,
        "iris": eyes.iris,
        "sclera": eyes.sclera,
        "eye_traits": (eyes.iris_radius, eyes.pupil, eyes.veins),
        "teeth": mouth.teeth,
        "gums": mouth.gums,
        "skin": identity.skin.colour,
        "folding": np.array(head.folds) * (_YOUNG_FOLDS + identity.skin.wrinkles),
        "gloss": identity.skin.gloss,
        "bump": _BUMP,
        "lash_opacity": _LASHES if not identity.broad else 0.5,
    }
