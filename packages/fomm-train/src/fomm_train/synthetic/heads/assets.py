"""Assets of rendered people: one file of arrays, built once from the sources of a head model."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fomm_core.errors import ModelError
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.cache import cache_folder
from fomm_core.utils.files import atomic_path

IntArray = npt.NDArray[np.int32]

_FILE = "heads.npz"


class Part(IntEnum):
    """Parts of the head model."""

    FACE = 0
    HEAD = 1
    MOUTH_SOCKET = 2
    EYE_SOCKET = 3
    GUMS = 4  # and the tongue
    TEETH = 5
    LEFT_EYE = 6
    RIGHT_EYE = 7
    TEAR_DUCT = 8
    LASHES = 9


SKIN_PARTS = (Part.FACE, Part.HEAD)


@dataclass(frozen=True, eq=False)
class HairMesh:
    """Hair as a mesh, placed on the template's skull.

    Attributes:
        vertices: (N, 3) float32.
        uv: (N, 2) float32, places in the texture of strands.
        triangles: (F, 3) int32.
        border: (N,) float32, 1 on the edge of the mesh.
    """

    vertices: FloatArray
    uv: FloatArray
    triangles: IntArray
    border: FloatArray


@dataclass(frozen=True, eq=False)
class HatMesh:
    """A hat as a mesh: (N, 3) float32 vertices and (F, 3) int32 triangles."""

    vertices: FloatArray
    triangles: IntArray


@dataclass(frozen=True, eq=False)
class HeadAssets:
    """A head model: template, modes, and what is painted on it.

    Units: the template's head is 34 units high with its surroundings; x to the person's left,
    y up, z to the camera. Vertices of the skin come first. L is the number of vertices, G that
    of vertices on the GPU, which are split at the seams of the texture.

    Attributes:
        vertices: (L, 3) float32, the template.
        identity_modes: (M, L, 3) float32 displacements of variance 1.
        expression_modes: (E, L, 3) float32 displacements at strength 1.
        expression_names: E names.
        part: (L,) int32, :class:`Part` of each vertex.
        triangles: (T, 3) int32.
        split: (G,) int32, the vertex that each one on the GPU shows.
        split_part: (G,) int32.
        split_triangles: (T, 3) int32 among those on the GPU.
        uv: (G, 2) float32; face in [0, 1), head in [1, 2), then the others.
        occlusion: (L,) float32, share of the surroundings that a vertex sees.
        neck: (L,) float32, how far a vertex follows the head: 0 on the shoulders, 1 on the head.
        rim: (R,) int32, vertices around the lower edge of the bust.
        landmarks: (68,) int32, vertices of the usual landmarks.
        keypoints: (K,) int32, vertices of the keypoints; -6 and -7 for the irises.
        eye_centres: (2, 3) float32, left and right.
        masks: (S, S, 3) uint8 in the texture of the face: lips, eyelids, surroundings of eyes.
        hair_meshes: by name; there may be none.
        hat_mesh: a fedora, or ``None``.
    """

    vertices: FloatArray
    identity_modes: FloatArray
    expression_modes: FloatArray
    expression_names: tuple[str, ...]
    part: IntArray
    triangles: IntArray
    split: IntArray
    split_part: IntArray
    split_triangles: IntArray
    uv: FloatArray
    occlusion: FloatArray
    neck: FloatArray
    rim: IntArray
    landmarks: IntArray
    keypoints: IntArray
    eye_centres: FloatArray
    masks: ByteArray
    hair_meshes: Mapping[str, HairMesh]
    hat_mesh: HatMesh | None = None


def assets_path() -> Path:
    """Place of the assets in the cache folder; there need not be any."""
    return cache_folder() / _FILE


def save_assets(path: Path, assets: HeadAssets) -> None:
    """Write assets; modes and textures are rounded to 16 bits.

    Raises:
        OutputError: the file cannot be written.
    """
    arrays = {key: np.asarray(getattr(assets, name), kind) for name, (key, kind) in _KEYS.items()}
    for name, mesh in assets.hair_meshes.items():
        for part, kind in _MESH_KEYS.items():
            arrays[f"mh_{name}_{kind[0]}"] = np.asarray(getattr(mesh, part), kind[1])
    if assets.hat_mesh is not None:
        arrays["fedora_v"] = assets.hat_mesh.vertices.astype(np.float16)
        arrays["fedora_f"] = assets.hat_mesh.triangles.astype(np.uint16)
    names = {"ex": np.array(assets.expression_names), "mhnames": np.array([*assets.hair_meshes])}
    with atomic_path(path, parents=True) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays, **names)


def load_assets(path: Path | None = None) -> HeadAssets:
    """Read assets.

    Args:
        path: the file; ``None`` for the one in the cache folder.

    Raises:
        ModelError: there is none, or it is no file of assets.
    """
    chosen = path or assets_path()
    if not chosen.is_file():
        raise ModelError(
            f"{chosen}: expected the assets of rendered people, found no file; build them with "
            "fomm heads --build FACEKIT from a clone of ICT-FaceKit"
        )
    try:
        with np.load(chosen, allow_pickle=False) as content:
            return _from_arrays(content)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"{chosen}: expected the assets of rendered people, found another file: {reason}; "
            "build them again with fomm heads --build FACEKIT"
        ) from error


_KEYS: dict[str, tuple[str, Any]] = {
    "vertices": ("V", np.float32),
    "identity_modes": ("I", np.float16),
    "expression_modes": ("X", np.float16),
    "part": ("part", np.uint8),
    "triangles": ("tri", np.uint16),
    "split": ("gv", np.uint16),
    "split_part": ("gpart", np.uint8),
    "split_triangles": ("gtri", np.uint16),
    "uv": ("uv", np.float32),
    "occlusion": ("ao", np.float16),
    "neck": ("nw", np.float16),
    "rim": ("loop", np.int32),
    "landmarks": ("lm", np.int32),
    "keypoints": ("kp", np.int32),
    "eye_centres": ("eyec", np.float32),
    "masks": ("masks", np.uint8),
}
"""Names in the file and how numbers are kept there, by attribute."""

_MESH_KEYS: dict[str, tuple[str, Any]] = {
    "vertices": ("v", np.float16),
    "uv": ("t", np.float16),
    "triangles": ("f", np.uint16),
    "border": ("b", np.uint8),
}


def _from_arrays(content: Mapping[str, npt.NDArray[Any]]) -> HeadAssets:
    arrays = {name: _widened(content[key]) for name, (key, _) in _KEYS.items()}
    arrays["masks"] = content["masks"]
    meshes = {
        str(name): HairMesh(
            **{part: _widened(content[f"mh_{name}_{kind[0]}"]) for part, kind in _MESH_KEYS.items()}
        )
        for name in content["mhnames"]
    }
    hat = None
    if "fedora_v" in content:
        hat = HatMesh(_widened(content["fedora_v"]), _widened(content["fedora_f"]))
    names = tuple(map(str, content["ex"]))
    return HeadAssets(expression_names=names, hair_meshes=meshes, hat_mesh=hat, **arrays)


def _widened(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers as they are computed with: float32 or int32."""
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)
