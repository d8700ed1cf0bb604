"""The truth about the clips of a data set of rendered people, as it lies beside them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MediaError
from fomm_core.image import ByteArray
from fomm_core.motion.ground_truth import TrueKeypoints, read_true_keypoints
from fomm_core.motion.keypoints import Keypoints
from fomm_train.synthetic.heads.labels import LABEL_NAMES

TRUTH = Path("truth") / "train"
"""Folder of the truth of the training part, within the data set."""


_KEPT = 16  # truths of clips; one of 64 frames of 256x256 has 4 MB


def knows_truth(root: str | Path) -> bool:
    """Whether a data set was written with the truth about its frames."""
    return (Path(root) / TRUTH).is_dir()


@dataclass(frozen=True, eq=False)
class ClipTruth:
    """The truth about the T frames of a clip.

    Attributes:
        keypoints: with jacobians.
        labels: (T, H, W) uint8.
        mirrored_keypoints: (K,), which keypoint takes the place of each in a mirror.
    """

    keypoints: TrueKeypoints
    labels: ByteArray
    mirrored_keypoints: npt.NDArray[np.intp]


def read_truth(path: Path) -> ClipTruth:
    """Read what ``fomm heads`` has written about a clip.

    Raises:
        MediaError: the file cannot be read, or lacks jacobians or label maps.
    """
    keypoints = read_true_keypoints(path)
    try:
        with np.load(path, allow_pickle=False) as content:
            labels, names = content["labels"], tuple(content["label_names"].tolist())
            mirrored = content["mirrored_keypoints"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise MediaError(f"{path}: expected label maps of rendered people: {reason}") from error
    if names != LABEL_NAMES or keypoints.jacobian is None:
        raise MediaError(f"{path}: expected jacobians and labels {LABEL_NAMES}, found {names}")
    return ClipTruth(keypoints, labels, mirrored)


class TruthStore:
    """Reads truths, and keeps those read last."""

    def __init__(self) -> None:
        self.read = lru_cache(_KEPT)(read_truth)

    def __reduce__(self) -> tuple[type[TruthStore], tuple[()]]:
        """Leave out what is kept: it is not sent to other processes."""
        return TruthStore, ()


def resize_keypoints(keypoints: TrueKeypoints, number: int, before: int, after: int) -> Keypoints:
    """Keypoints of a frame that is resized: -1 and 1 are the centres of its outermost pixels."""
    scale = np.float32((1 - 1 / before) / (1 - 1 / after))
    jacobian = keypoints.jacobian
    return Keypoints(
        keypoints.value[number] * scale, None if jacobian is None else jacobian[number] * scale
    )
