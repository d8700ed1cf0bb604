"""Choice of extractors: those that are asked for, or those that are installed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fomm_core.loading import Model
from fomm_eval.comparison.compare import Extractors
from fomm_eval.data.clips import Clip
from fomm_eval.errors import ExtractorError
from fomm_eval.extractors import Extractor
from fomm_eval.extractors.avatars import AvatarKeypoints, ground_truth_path
from fomm_eval.extractors.dlib_faces import DlibFaces, is_installed
from fomm_eval.extractors.fan import FaceAlignmentLandmarks
from fomm_eval.extractors.files import StoredEmbeddings, StoredLandmarks

logger = logging.getLogger(__name__)

LandmarkKind = Literal["auto", "dlib", "face-alignment", "avatars", "files", "none"]
IdentityKind = Literal["auto", "dlib", "files", "none"]
Files = tuple[Path, Path]


@dataclass(frozen=True)
class ExtractorOptions:
    """Extractors that are asked for.

    Attributes:
        landmarks, identity: kinds of extractors; ``"auto"`` takes the files where they are
            named, else the ground truth where the real clips are avatars, else dlib where it is
            installed, else none.
        landmark_files, embedding_files: of the real and the generated side.
    """

    landmarks: LandmarkKind = "auto"
    identity: IdentityKind = "auto"
    landmark_files: Files | None = None
    embedding_files: Files | None = None


def choose_extractors(
    options: ExtractorOptions, real: Clip, load_model: Callable[[], Model]
) -> Extractors:
    """Make the extractors.

    Args:
        options: kinds and files that are asked for.
        real: one of the real clips.
        load_model: loads the model that finds keypoints in generated avatars.

    Raises:
        ExtractorError: what is asked for is not installed, or lacks its files.
    """
    landmarks, identity = _landmarks_kind(options, real), _identity_kind(options, real)
    if "none" in (landmarks, identity) and "auto" in (options.landmarks, options.identity):
        _tell_what_is_left_out(landmarks, identity)
    faces: DlibFaces | None = None
    if "dlib" in (landmarks, identity):
        faces = DlibFaces(landmarks=landmarks == "dlib", identity=identity == "dlib")
    return Extractors(
        faces if landmarks == "dlib" else _landmarks(landmarks, options, load_model),
        faces if identity == "dlib" else _identity(identity, options),
        landmarks_required=options.landmarks != "auto",
        identity_required=options.identity != "auto",
    )


def _landmarks_kind(options: ExtractorOptions, real: Clip) -> LandmarkKind:
    if options.landmarks != "auto":
        return options.landmarks
    if options.landmark_files is not None:
        return "files"
    if _is_avatar(real):
        return "avatars"
    return "dlib" if is_installed() else "none"


def _identity_kind(options: ExtractorOptions, real: Clip) -> IdentityKind:
    if options.identity != "auto":
        return options.identity
    if options.embedding_files is not None:
        return "files"
    # Drawn faces are nobody's: what embeds photographs says nothing of them.
    return "dlib" if is_installed() and not _is_avatar(real) else "none"


def _is_avatar(clip: Clip) -> bool:
    return ground_truth_path(clip.path).is_file()


def _landmarks(
    kind: LandmarkKind, options: ExtractorOptions, load_model: Callable[[], Model]
) -> Extractor | None:
    if kind == "avatars":
        return AvatarKeypoints(load_model())
    if kind == "face-alignment":
        return FaceAlignmentLandmarks()
    if kind == "files":
        return StoredLandmarks(*_named(options.landmark_files, "landmarks"))
    return None


def _identity(kind: IdentityKind, options: ExtractorOptions) -> Extractor | None:
    if kind == "files":
        return StoredEmbeddings(*_named(options.embedding_files, "embeddings"))
    return None


def _named(files: Files | None, what: str) -> Files:
    if files is None:
        raise ExtractorError(
            f"expected files of {what} (--real-{what}, --generated-{what}), found none named"
        )
    return files


def _tell_what_is_left_out(landmarks: LandmarkKind, identity: IdentityKind) -> None:
    left_out = ["AKD and MKR"] if landmarks == "none" else []
    left_out += ["AED"] if identity == "none" else []
    logger.info("left out for want of an extractor: %s", ", ".join(left_out))
    if not is_installed() and landmarks == "none":
        logger.warning("AKD, MKR and AED need an extractor; pip install 'fomm-eval[dlib]'")
