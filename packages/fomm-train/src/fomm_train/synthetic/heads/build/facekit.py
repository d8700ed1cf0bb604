"""ICT-FaceKit as its repository has it: a template, identity and expression modes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fomm_core.errors import ModelError
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import sha256_of
from fomm_train.synthetic.heads.assets import IntArray
from fomm_train.synthetic.heads.build.obj import ObjMesh, read_obj, read_vertices
from fomm_train.synthetic.heads.pose import EXPRESSIONS

REPOSITORY = "https://github.com/ICT-VGL/ICT-FaceKit"
COMMIT = "1922d84282a3faf345dbf949c4a63b09f87907bc"

IDENTITIES = tuple(f"identity{number:03d}" for number in range(100))

_FOLDER = "FaceXModel"
_TEMPLATE, _INDICES = "generic_neutral_mesh.obj", "vertex_indices.json"
_SHA256 = {
    _TEMPLATE: "eedbc2576d8e5ea57f55255b8f98263213a1efb5431d8bfceed1d7aef10271f9",
    _INDICES: "4f9b35306299980dd46bee4a6b79bb95dfae1953693b74b35a64f7febfd081a5",
}
_LANDMARKS = "idx_to_landmark_verts"


@dataclass(frozen=True, eq=False)
class FaceKit:
    """The head model as published.

    Attributes:
        template: the neutral mesh.
        identity_modes, expression_modes: (M, N, 3) and (E, N, 3) displacements.
        expression_names: E names.
        landmarks: (68,) vertices.
    """

    template: ObjMesh
    identity_modes: FloatArray
    expression_modes: FloatArray
    expression_names: tuple[str, ...]
    landmarks: IntArray


def read_facekit(
    clone: Path,
    identities: Sequence[str] = IDENTITIES,
    expressions: Sequence[str] = EXPRESSIONS,
    on_progress: Callable[[], object] = lambda: None,
) -> FaceKit:
    """Read a clone of the repository.

    Args:
        clone: its folder.
        identities, expressions: names of the modes to read.
        on_progress: called after every mode.

    Raises:
        ModelError: it is no such clone, or one of another version.
    """
    folder = clone / _FOLDER
    for name, expected in _SHA256.items():
        _check_file(folder / name, expected)
    template = read_obj(folder / _TEMPLATE)

    def modes(names: Sequence[str]) -> FloatArray:
        found = np.empty((len(names), *template.vertices.shape), np.float32)
        for mode, name in zip(found, names, strict=True):
            mode[...] = _read_mode(folder / f"{name}.obj", template)
            on_progress()
        return found

    landmarks = json.loads((folder / _INDICES).read_text(encoding="utf-8"))[_LANDMARKS]
    return FaceKit(
        template,
        modes(identities),
        modes(expressions),
        tuple(expressions),
        np.array(landmarks, np.int32),
    )


def _check_file(path: Path, expected: str) -> None:
    how = f"make it with: git clone {REPOSITORY} && git -C ICT-FaceKit checkout {COMMIT}"
    if not path.is_file():
        raise ModelError(f"{path}: expected a clone of ICT-FaceKit, found no such file; {how}")
    if sha256_of(path) != expected:
        raise ModelError(f"{path}: expected the file of the known version, found another; {how}")


def _read_mode(path: Path, template: ObjMesh) -> FloatArray:
    vertices = read_vertices(path)
    if vertices.shape != template.vertices.shape:
        raise ModelError(
            f"{path}: expected {len(template.vertices)} vertices, found {len(vertices)}; check out "
            f"the commit {COMMIT} of ICT-FaceKit"
        )
    displacement: FloatArray = vertices - template.vertices
    return displacement
