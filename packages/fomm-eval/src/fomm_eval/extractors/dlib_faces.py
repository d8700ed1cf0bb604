"""68 landmarks and a 128-d identity embedding by dlib, offline."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fomm_eval.errors import ExtractorError
from fomm_eval.extractors.base import FrameView, Observation

_MODELS_PACKAGE = "face_recognition_models"
_LANDMARKS_FILE = "shape_predictor_68_face_landmarks.dat"
_EMBEDDING_FILE = "dlib_face_recognition_resnet_model_v1.dat"
_HELP = "install it with: pip install 'fomm-eval[dlib]'"


def is_installed() -> bool:
    """Whether dlib and its models are there."""
    return find_spec("dlib") is not None and find_spec(_MODELS_PACKAGE) is not None


class DlibFaces:
    """The largest upright face of a frame.

    Args:
        landmarks: whether landmarks are wanted.
        identity: whether embeddings are wanted, which cost several times the landmarks.

    Raises:
        ExtractorError: dlib or its models are not installed.
    """

    def __init__(self, *, landmarks: bool = True, identity: bool = True) -> None:
        try:
            import dlib
        except ImportError as error:
            raise ExtractorError(f"dlib: expected it to be installed; {_HELP}") from error
        folder = _models_folder()
        self._dlib = dlib
        self._wants_landmarks = landmarks
        self._detect = dlib.get_frontal_face_detector()
        self._predict = dlib.shape_predictor(str(folder / _LANDMARKS_FILE))
        model = str(folder / _EMBEDDING_FILE)
        self._embed = dlib.face_recognition_model_v1(model) if identity else None

    @property
    def name(self) -> str:
        """Dlib with the versions of program and models."""
        return f"dlib {self._dlib.__version__}, face-recognition-models {_models_version()}"

    def observe(self, view: FrameView) -> Observation:
        """Find the face; nothing is found where there is none."""
        image = np.ascontiguousarray(view.image)
        faces = self._detect(image, 1)  # scaled up once, for faces below 80 pixels
        if not faces:
            return Observation()
        face = max(faces, key=lambda found: found.area())
        shape = self._predict(image, face)
        return Observation(
            _points(shape) if self._wants_landmarks else None,
            self._embedding(image, shape),
        )

    def _embedding(self, image: Any, shape: Any) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        if self._embed is None:
            return None
        return np.array(self._embed.compute_face_descriptor(image, shape), np.float32)


def _points(shape: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def _models_folder() -> Path:
    """Find the folder of the model files.

    The package is not imported: it asks setuptools where it lies, in a way that newer
    setuptools no longer answer.
    """
    spec = find_spec(_MODELS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ExtractorError(f"dlib: expected its face-recognition-models; {_HELP}")
    folder = Path(spec.submodule_search_locations[0], "models")
    for name in (_LANDMARKS_FILE, _EMBEDDING_FILE):
        if not (folder / name).is_file():
            raise ExtractorError(f"{folder / name}: expected a model of dlib, found none; {_HELP}")
    return folder


def _models_version() -> str:
    try:
        return version("face-recognition-models")
    except PackageNotFoundError:
        return "of unknown version"
