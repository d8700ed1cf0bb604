"""Avatars: real frames come with their true keypoints.

In the generated frames there is no ground truth; a model that was trained on true keypoints finds
them there, such as the embedded one.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from fomm_core.image import fit, to_network
from fomm_core.loading import Model
from fomm_core.motion.ground_truth import read_true_keypoints
from fomm_core.motion.keypoints import FloatArray
from fomm_eval.data.clips import Clip
from fomm_eval.errors import ExtractorError
from fomm_eval.extractors.base import FrameView, Observation

logger = logging.getLogger(__name__)

_STRANGE = 0.08
"""A detector that is off by more, in real frames, was not trained on these keypoints."""


def ground_truth_path(clip: Path) -> Path:
    """The file with the ground truth of a clip: ``truth/<part>/<name>.npz`` of the data set."""
    name = clip.name if clip.is_dir() else clip.stem
    return clip.parent.parent / "truth" / clip.parent.name / f"{name}.npz"


class AvatarKeypoints:
    """True keypoints of real frames, a detector's of generated ones.

    Args:
        detector: a model that was trained on true keypoints.
    """

    def __init__(self, detector: Model) -> None:
        self._detector = detector
        self._checked = False
        self._clip: Clip | None = None
        self._ground_truth: FloatArray = np.empty((0, 0, 2), np.float32)

    @property
    def name(self) -> str:
        """Says which model's keypoints the generated frames have."""
        return f"avatars: true keypoints, against those that {self._detector.name} detects"

    def observe(self, view: FrameView) -> Observation:
        """The keypoints in pixels."""
        value = self._true(view) if view.side == "real" else self._detected(view)
        if view.side == "real" and not self._checked:
            self._check(view, value)
        height, width = view.image.shape[:2]
        corner = np.array([width - 1, height - 1], np.float32)
        return Observation(((value + 1) / 2 * corner).astype(np.float32))

    def _check(self, view: FrameView, value: FloatArray) -> None:
        """Warn where the detector means other points than the ground truth does."""
        self._checked = True
        found = self._detected(view)
        if found.shape != value.shape:
            raise ExtractorError(
                f"avatars: expected a model of {len(value)} keypoints to find them in generated "
                f"frames, found {self._detector.name} with {len(found)}"
            )
        off = float(np.abs(found - value).mean())
        if off > _STRANGE:
            logger.warning(
                "%s finds other keypoints than the true ones (off by %.2f of half a frame in a "
                "real one): AKD says little; choose a model with --model",
                self._detector.name,
                off,
            )

    def _true(self, view: FrameView) -> FloatArray:
        if view.clip != self._clip:
            self._ground_truth = read_true_keypoints(ground_truth_path(view.clip.path)).value
            self._clip = view.clip
        if view.index >= len(self._ground_truth):
            raise ExtractorError(
                f"{ground_truth_path(view.clip.path)}: expected the truth of frame {view.index}, "
                f"found {len(self._ground_truth)} frames"
            )
        value: FloatArray = self._ground_truth[view.index]
        return value

    def _detected(self, view: FrameView) -> FloatArray:
        image = fit(view.image, self._detector.frame_size, "stretch")
        return self._detector.engine.detect(to_network(image)).value
