"""68 landmarks by the library face-alignment, which the published AKD was made with."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from fomm_eval.errors import ExtractorError
from fomm_eval.extractors.base import FrameView, Observation


class FaceAlignmentLandmarks:
    """The first face that face-alignment finds, as the published scripts take it.

    Its weights are fetched by the library when it first runs.

    Args:
        device: ``"cpu"`` or ``"cuda"``.

    Raises:
        ExtractorError: the library is not installed, or its weights cannot be fetched.
    """

    def __init__(self, device: str = "cpu") -> None:
        try:
            import face_alignment
        except ImportError as error:
            raise ExtractorError(
                "face-alignment: expected it to be installed; install it with: "
                "pip install 'fomm-eval[face-alignment]'"
            ) from error
        kinds = face_alignment.LandmarksType
        kind = kinds.TWO_D if hasattr(kinds, "TWO_D") else kinds._2D  # before version 1.4
        try:
            self._network: Any = face_alignment.FaceAlignment(kind, flip_input=False, device=device)
        except (OSError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ExtractorError(
                f"face-alignment: expected its weights, which it fetches on first use: {reason}"
            ) from error

    @property
    def name(self) -> str:
        """face-alignment with its version."""
        return f"face-alignment {version('face-alignment')}"

    def observe(self, view: FrameView) -> Observation:
        """Find the landmarks; nothing is found where there is no face."""
        faces = self._network.get_landmarks_from_image(view.image)
        if faces is None or not len(faces):
            return Observation()
        return Observation(np.asarray(faces[0], np.float32)[:, :2])
