"""True keypoints of a clip that was drawn or rendered, as an .npz file beside it.

Arrays: ``value`` (T, K, 2); where they are known also ``jacobian`` (T, K, 2, 2) and
``keypoint_names`` (K,). Other arrays may stand beside them, and are passed over.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MediaError
from fomm_core.motion.keypoints import FloatArray, Keypoints


@dataclass(frozen=True, eq=False)
class TrueKeypoints:
    """The true keypoints of the T frames of a clip, as in :class:`Keypoints`.

    Attributes:
        value: (T, K, 2) float32 in [-1, 1], x first.
        jacobian: (T, K, 2, 2) float32 from the reference frame to the frames, or ``None``.
        names: K names of the keypoints, or none where the file does not tell.

    Raises:
        ValueError: the shapes are not those above.
    """

    value: FloatArray
    jacobian: FloatArray | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.value.ndim != 3 or self.value.shape[2] != 2:
            raise ValueError(f"value: expected (T, K, 2), found {self.value.shape}")
        frames, count, _ = self.value.shape
        if self.jacobian is not None and self.jacobian.shape != (frames, count, 2, 2):
            raise ValueError(
                f"jacobian: expected ({frames}, {count}, 2, 2), found {self.jacobian.shape}"
            )
        if self.names and len(self.names) != count:
            raise ValueError(f"keypoint_names: expected {count}, found {len(self.names)}")

    def __len__(self) -> int:
        """Number of frames T."""
        return len(self.value)

    @classmethod
    def of(cls, frames: Sequence[Keypoints], names: Sequence[str] = ()) -> TrueKeypoints:
        """Put the keypoints of T frames together; jacobians only where all frames have some."""
        jacobians = [frame.jacobian for frame in frames if frame.jacobian is not None]
        return cls(
            np.stack([frame.value for frame in frames]),
            np.stack(jacobians) if len(jacobians) == len(frames) else None,
            tuple(names),
        )


def write_true_keypoints(
    path: Path,
    keypoints: TrueKeypoints,
    more: Mapping[str, npt.NDArray[np.generic]] | None = None,
) -> None:
    """Write the true keypoints of a clip.

    Args:
        path: at which nothing exists yet.
        keypoints: of all frames.
        more: other arrays to stand beside them, by name.

    Raises:
        OSError: the file cannot be written.
    """
    arrays: dict[str, Any] = {"value": keypoints.value}
    if keypoints.jacobian is not None:
        arrays["jacobian"] = keypoints.jacobian
    if keypoints.names:
        arrays["keypoint_names"] = np.array(keypoints.names)
    with path.open("xb") as file:
        np.savez_compressed(file, **arrays, **(more or {}))


def read_true_keypoints(path: Path) -> TrueKeypoints:
    """Read the true keypoints of all frames of a clip.

    Raises:
        MediaError: the file cannot be read or has another form.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            value = np.asarray(content["value"], np.float32)
            jacobian = content["jacobian"].astype(np.float32) if "jacobian" in content else None
            names = content["keypoint_names"].tolist() if "keypoint_names" in content else ()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise MediaError(
            f"{path}: expected the true keypoints of an avatar's clip (value): {reason}"
        ) from error
    try:
        return TrueKeypoints(value, jacobian, tuple(map(str, names)))
    except ValueError as error:
        raise MediaError(f"{path}: {error}") from error
