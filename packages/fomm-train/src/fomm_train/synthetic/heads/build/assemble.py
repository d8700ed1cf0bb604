"""Building the head model's assets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import HeadAssets, IntArray
from fomm_train.synthetic.heads.build.facekit import IDENTITIES, FaceKit, read_facekit
from fomm_train.synthetic.heads.build.lashes import add_lashes
from fomm_train.synthetic.heads.build.makehuman import read_makehuman
from fomm_train.synthetic.heads.build.marks import (
    find_eye_centres,
    find_keypoints,
    find_rim,
    paint_masks,
)
from fomm_train.synthetic.heads.build.occlusion import ambient_occlusion
from fomm_train.synthetic.heads.build.parts import Surface, compact, divide
from fomm_train.synthetic.heads.pose import EXPRESSIONS
from fomm_train.synthetic.heads.rigid import neck_weight

FILES = len(IDENTITIES) + len(EXPRESSIONS)
"""Number of files with modes, which take most of the time."""


def build_assets(
    facekit: Path, makehuman: Path | None = None, on_progress: Callable[[], object] = lambda: None
) -> HeadAssets:
    """Build assets from clones.

    Args:
        facekit: clone of ICT-FaceKit.
        makehuman: folder with clones of MakeHuman and its assets; ``None`` for neither.
        on_progress: called after each of :data:`FILES` files.

    Raises:
        EngineError: there is no OpenGL, which occlusion is computed with.
        ModelError: a clone is incomplete or of another version.
    """
    people = None if makehuman is None else read_makehuman(makehuman)
    assets = assemble(read_facekit(facekit, on_progress=on_progress))
    if people is None:
        return assets
    return HeadAssets(**{**vars(assets), "hair_meshes": people.hair, "hat_mesh": people.hat})


def assemble(kit: FaceKit) -> HeadAssets:
    """Make assets of a head model, without hair.

    Raises:
        EngineError: there is no OpenGL.
    """
    surface, places = compact(add_lashes(divide(kit)))
    landmarks = places[kit.landmarks]
    split = _split_at_seams(surface)
    return HeadAssets(
        vertices=surface.vertices,
        identity_modes=surface.identity_modes,
        expression_modes=surface.expression_modes,
        expression_names=kit.expression_names,
        part=surface.part,
        triangles=surface.triangles,
        split=split[0],
        split_part=split[1],
        split_triangles=split[2],
        uv=split[3],
        occlusion=ambient_occlusion(surface),
        neck=_neck(surface),
        rim=find_rim(surface),
        landmarks=landmarks,
        keypoints=find_keypoints(surface, landmarks),
        eye_centres=find_eye_centres(surface),
        masks=paint_masks(surface, landmarks),
        hair_meshes={},
    )


def _split_at_seams(surface: Surface) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Vertices, their parts, triangles, and places in the texture, without seams."""
    corners = np.stack(
        [
            np.repeat(surface.triangle_part, 3),
            surface.triangles.ravel(),
            surface.uv_triangles.ravel(),
        ],
        axis=1,
    )
    split, places = np.unique(corners, axis=0, return_inverse=True)
    part, vertex, place = split.astype(np.int32).T
    return vertex, part, places.reshape(-1, 3).astype(np.int32), surface.uv[place]


def _neck(surface: Surface) -> FloatArray:
    """Share to which vertices follow the head; all that is not skin does."""
    x, y, z = surface.vertices.T
    weight = neck_weight(np.stack([x, y, np.minimum(z, 1e3)], axis=-1))
    return np.where(surface.part >= 2, 1.0, weight).astype(np.float32)
