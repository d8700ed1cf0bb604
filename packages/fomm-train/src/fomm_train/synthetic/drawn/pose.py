"""The motion of an avatar in one frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

MAX_YAW = math.radians(45)
MAX_PITCH = math.radians(27)
MAX_ROLL = math.radians(24)
MAX_SHIFT = 0.21
MAX_ZOOM = 0.16

_SHUT, _OPEN = 0.6, 0.45


@dataclass(frozen=True)
class Pose:
    """Pose of the head and the face; the same record moves every identity.

    Lengths are in units of half a frame, as keypoints are. Left and right are those of the
    picture. The gaze never moves: no keypoint could carry it.

    Attributes:
        yaw: turn of the head in radians, positive to the right, within +-45 degrees.
        pitch: nod in radians, positive down, within +-27 degrees.
        roll: tilt in radians, positive clockwise, within +-24 degrees.
        x, y: shift to the right and down, within +-0.21.
        scale: size relative to the reference frame, 0.84 to 1.16.
        blink_left, blink_right: 0 is open, 1 closed.
        mouth_open: 0 is closed, 1 wide open.
        mouth_width: -1 is pursed, 1 stretched.
        smile: 1 is a broad smile, -1 its opposite.
        brow: 1 is raised (which widens the eyes a little), -1 frowning.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    blink_left: float = 0.0
    blink_right: float = 0.0
    mouth_open: float = 0.0
    mouth_width: float = 0.0
    smile: float = 0.0
    brow: float = 0.0

    @property
    def blink(self) -> float:
        """Closure of the eye that is more closed."""
        return max(self.blink_left, self.blink_right)

    def shuts_eyes(self) -> bool:
        """Whether both eyes are as good as closed."""
        return min(self.blink_left, self.blink_right) >= _SHUT

    def opens_mouth(self) -> bool:
        """Whether the mouth is open for everyone to see."""
        return self.mouth_open >= _OPEN

    def with_open_eyes(self) -> Pose:
        """The same pose without the blink."""
        return replace(self, blink_left=0.0, blink_right=0.0)

    def with_closed_mouth(self) -> Pose:
        """The same pose with the lips together."""
        return replace(self, mouth_open=0.0)

    def at_rest(self) -> Pose:
        """The same pose of the head with open eyes, a closed mouth and a calm brow."""
        return replace(self, blink_left=0.0, blink_right=0.0, mouth_open=0.0, brow=0.0)


NEUTRAL = Pose()
"""The reference frame: frontal, centred, eyes open, mouth closed."""

CHANNELS: tuple[str, ...] = tuple(field.name for field in fields(Pose))
"""Names of a pose's numbers, in order."""
