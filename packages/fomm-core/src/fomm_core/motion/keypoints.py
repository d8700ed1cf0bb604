"""Keypoints with their local affine frames: what the detector sees in one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Keypoints:
    """Keypoints of one image (Section 3.1 of the paper).

    Attributes:
        value: (K, 2) float32, x first, in [-1, 1]; -1 is the centre of the first
            pixel and 1 that of the last (``align_corners=True``).
        jacobian: (K, 2, 2) float32, the local affine transformation around each
            keypoint from the reference frame to the image, or ``None`` where the
            model does not estimate it.

    Raises:
        ValueError: the shapes are not those above.
    """

    value: FloatArray
    jacobian: FloatArray | None = None

    def __post_init__(self) -> None:
        value = np.ascontiguousarray(self.value, dtype=np.float32)
        if value.ndim != 2 or value.shape[1] != 2:
            raise ValueError(f"keypoint values: expected shape (K, 2), found {value.shape}")
        object.__setattr__(self, "value", value)
        if self.jacobian is None:
            return
        jacobian = np.ascontiguousarray(self.jacobian, dtype=np.float32)
        if jacobian.shape != (len(value), 2, 2):
            raise ValueError(
                f"keypoint jacobians: expected shape ({len(value)}, 2, 2), found {jacobian.shape}"
            )
        object.__setattr__(self, "jacobian", jacobian)

    def __len__(self) -> int:
        """Number of keypoints K."""
        return len(self.value)

    @property
    def is_finite(self) -> bool:
        """Whether no coordinate and no jacobian entry is NaN or infinite."""
        finite = bool(np.isfinite(self.value).all())
        return finite and (self.jacobian is None or bool(np.isfinite(self.jacobian).all()))
