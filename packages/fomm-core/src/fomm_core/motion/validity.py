"""Keypoints that cannot be used: not finite, or of another model than the source's."""

from __future__ import annotations

import logging

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import Keypoints

_logger = logging.getLogger(__name__)


class HoldLastValid:
    """Replaces keypoints that are not finite by the last good ones of the same run.

    The first replacement logs a warning, later ones only count.

    Attributes:
        held: number of frames replaced so far.
    """

    def __init__(self) -> None:
        self.held = 0
        self._last: Keypoints | None = None
        self._index = 0

    def __call__(self, keypoints: Keypoints) -> Keypoints:
        """Return ``keypoints`` if they are finite, else the last ones that were.

        Raises:
            MotionError: the run starts with keypoints that are not finite.
        """
        index, self._index = self._index, self._index + 1
        if keypoints.is_finite:
            self._last = keypoints
            return keypoints
        if self._last is None:
            raise _not_finite(f"driving frame {index}")
        if self.held == 0:
            _logger.warning("driving frame %d: keypoints not finite, holding the last ones", index)
        self.held += 1
        return self._last


def require_finite(keypoints: Keypoints, role: str) -> None:
    """Refuse keypoints of which a coordinate or a jacobian entry is NaN or infinite.

    Args:
        keypoints: to check.
        role: what they are, such as ``"source"``; for the message.

    Raises:
        MotionError: one is.
    """
    if not keypoints.is_finite:
        raise _not_finite(role)


def _not_finite(role: str) -> MotionError:
    return MotionError(
        f"{role} keypoints: expected finite numbers, found NaN or infinity; "
        "the model's parameters may be damaged"
    )


def require_same_kind(source: Keypoints, other: Keypoints, role: str) -> None:
    """Refuse keypoints that differ from the source's in number, or in having jacobians.

    Args:
        source: keypoints of the source.
        other: to check.
        role: what they are, such as ``"driving"``; for the message.

    Raises:
        MotionError: they differ.
    """
    if len(source) != len(other):
        raise MotionError(
            f"{role} keypoints: expected {len(source)} as in the source, found {len(other)}; "
            "source and driving must come from the same model"
        )
    if (source.jacobian is None) != (other.jacobian is None):
        expected = "no jacobians" if source.jacobian is None else "jacobians"
        raise MotionError(
            f"{role} keypoints: expected {expected} as in the source; "
            "source and driving must come from the same model"
        )
