"""Record of one live frame: the picture to show, and the state of the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import Keypoints

Phase = Literal["waiting", "searching", "live", "lost"]
"""``waiting``: no face was seen yet; ``searching``: the first reference is looked for, the
picture stands still; ``live``: it follows; ``lost``: the face is gone, the picture holds."""

Hint = Literal["show your face", "move closer", "move back", "more light", "look straight ahead"]
"""Advice to the person before the camera, measured from the frames."""


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One live frame.

    Attributes:
        picture: (H, W, 3) uint8, RGB; of one size as long as the source is the same.
        seconds: time stamp of the camera's frame that it follows.
        phase: of the session.
        countdown_s: seconds until a reference is taken, ``None`` where none is looked for.
        hints: advice, the most pressing first.
        keypoints: that the source was moved to; ``None`` where the picture stands still.
    """

    picture: ByteArray
    seconds: float
    phase: Phase
    countdown_s: float | None = None
    hints: tuple[Hint, ...] = ()
    keypoints: Keypoints | None = None
