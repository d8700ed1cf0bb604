"""Made-up keypoints for tests: random ones, and ones of which a value is missing."""

from __future__ import annotations

import numpy as np

from fomm_core.motion.keypoints import Keypoints


def scattered(seed: int, count: int = 10) -> Keypoints:
    """Random keypoints with jacobians that can be inverted."""
    rng = np.random.default_rng(seed)
    jacobian = np.eye(2) + rng.uniform(-0.3, 0.3, (count, 2, 2))
    value = rng.uniform(-0.8, 0.8, (count, 2))
    return Keypoints(value.astype(np.float32), jacobian.astype(np.float32))


def broken(like: Keypoints) -> Keypoints:
    """The same keypoints with NaN in place of one coordinate."""
    value = like.value.copy()
    value[0, 1] = np.nan
    return Keypoints(value, like.jacobian)
