"""Metrics of faces: landmark and identity distances of a pair of frames.

Definitions are those of the pose-evaluation scripts that published figures were made with.
Landmarks are (N, 2), x first; one that was not found is NaN, and ``None`` stands for none.
"""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_eval.errors import EvaluationError

REFERENCE_SIDE = 256
"""Landmark distances are stated in pixels of frames of this height and width."""


def keypoint_distance(
    real: FloatArray | None, generated: FloatArray | None, size: tuple[int, int]
) -> float | None:
    """Average keypoint distance (AKD): mean absolute difference **per axis**.

    Args:
        real, generated: (N, 2) landmarks in pixels.
        size: (height, width) of the frames, to state the distance at 256x256.

    Returns:
        Pixels at 256x256, or ``None`` where no landmark was found in both frames.

    Raises:
        EvaluationError: there are different numbers of landmarks.
    """
    if real is None or generated is None:
        return None
    _check_shapes("landmarks", real, generated)
    both = _found(real) & _found(generated)
    if not both.any():
        return None
    scale = np.array([REFERENCE_SIDE / size[1], REFERENCE_SIDE / size[0]])
    return float(np.mean(np.abs(real[both] - generated[both]) * scale))


def missing_keypoints(real: FloatArray | None, generated: FloatArray | None) -> tuple[int, int]:
    """Count the real frame's landmarks that are missing in the generated one (for MKR).

    Args:
        real, generated: (N, 2) landmarks.

    Returns:
        Number of missing ones, and number of those in the real frame.

    Raises:
        EvaluationError: there are different numbers of landmarks.
    """
    if real is None:
        return 0, 0
    present = _found(real)
    total = int(present.sum())
    if generated is None:
        return total, total
    _check_shapes("landmarks", real, generated)
    return int((present & ~_found(generated)).sum()), total


def embedding_distance(real: FloatArray | None, generated: FloatArray | None) -> float | None:
    """Average Euclidean distance (AED) of identity: the **squared** L2 distance.

    Args:
        real, generated: (D,) embeddings; one with NaN counts as none.

    Returns:
        The distance, or ``None`` where a frame has no embedding.

    Raises:
        EvaluationError: the embeddings have different lengths.
    """
    if real is None or generated is None:
        return None
    _check_shapes("embeddings", real, generated)
    distance = float(np.sum(np.square(real - generated), dtype=np.float64))
    return distance if np.isfinite(distance) else None


def _found(landmarks: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isfinite(landmarks).all(axis=1)
    return found


def _check_shapes(what: str, real: FloatArray, generated: FloatArray) -> None:
    if real.shape != generated.shape:
        raise EvaluationError(
            f"{what}: expected the same shape real and generated, found {real.shape} and "
            f"{generated.shape}"
        )
