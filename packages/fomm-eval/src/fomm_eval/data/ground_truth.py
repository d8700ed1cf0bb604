"""The true keypoints of avatars, which fomm-train writes beside the clips that it draws."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from fomm_core.errors import MediaError
from fomm_core.motion.keypoints import FloatArray


def read_truth(path: Path) -> FloatArray:
    """Read the true keypoints of all frames of a clip from the array ``value`` of an .npz file.

    Returns:
        (T, K, 2) in [-1, 1], x first.

    Raises:
        MediaError: the file cannot be read or has another form.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            value: FloatArray = np.asarray(content["value"], np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise MediaError(
            f"{path}: expected the true keypoints of an avatar's clip (value): {reason}"
        ) from error
    if value.ndim != 3 or value.shape[2] != 2:
        raise MediaError(f"{path}: value: expected (T, K, 2), found {value.shape}")
    return value
