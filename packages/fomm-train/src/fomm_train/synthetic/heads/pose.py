"""The motion of a person in one frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

EXPRESSIONS: tuple[str, ...] = (
    "browDown_L", "browDown_R", "browInnerUp_L", "browInnerUp_R", "browOuterUp_L",
    "browOuterUp_R", "cheekPuff_L", "cheekPuff_R", "cheekSquint_L", "cheekSquint_R",
    "eyeBlink_L", "eyeBlink_R", "eyeLookDown_L", "eyeLookDown_R", "eyeLookIn_L",
    "eyeLookIn_R", "eyeLookOut_L", "eyeLookOut_R", "eyeLookUp_L", "eyeLookUp_R",
    "eyeSquint_L", "eyeSquint_R", "eyeWide_L", "eyeWide_R", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimple_L", "mouthDimple_R", "mouthFrown_L", "mouthFrown_R",
    "mouthFunnel", "mouthLeft", "mouthLowerDown_L", "mouthLowerDown_R", "mouthPress_L",
    "mouthPress_R", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthSmile_L", "mouthSmile_R", "mouthStretch_L",
    "mouthStretch_R", "mouthUpperUp_L", "mouthUpperUp_R", "noseSneer_L", "noseSneer_R",
)  # fmt: skip
"""The expression modes of ICT-FaceKit, in its order; L and R are the person's own sides."""

MAX_YAW = math.radians(50)
MAX_PITCH = math.radians(30)
MAX_ROLL = math.radians(25)

_PLACES = {name: place for place, name in enumerate(EXPRESSIONS)}
_SHUT, _OPEN = 0.6, 0.3
_LIDS = ("eyeBlink_L", "eyeBlink_R")
_PARTING = (
    "jawOpen", "mouthClose", "mouthUpperUp_L", "mouthUpperUp_R", "mouthLowerDown_L",
    "mouthLowerDown_R", "mouthFunnel",
)  # fmt: skip
_GAZING = tuple(name for name in EXPRESSIONS if name.startswith("eyeLook"))


@dataclass(frozen=True)
class Pose:
    """Pose of head, shoulders and face; the same record moves every identity.

    Angles are in radians; lengths in units of half a frame, as keypoints are.

    Attributes:
        yaw: turn of the head, positive to the right of the picture, within +-50 degrees.
        pitch: nod, positive up, within +-30 degrees.
        roll: tilt, positive clockwise, within +-25 degrees.
        x, y: shift to the right and down.
        zoom: size relative to the identity's own.
        torso_pitch, torso_yaw, torso_roll: of the shoulders, which carry the head.
        gaze_x, gaze_y: turn of the eyeballs to the right and up.
        weights: 53 strengths of expressions from 0 to 1, in the order of :data:`EXPRESSIONS`.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    torso_pitch: float = 0.0
    torso_yaw: float = 0.0
    torso_roll: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    weights: tuple[float, ...] = field(default=(0.0,) * len(EXPRESSIONS))

    def weight(self, name: str) -> float:
        """Strength of an expression of :data:`EXPRESSIONS`."""
        return self.weights[_PLACES[name]]

    def with_weights(self, **changed: float) -> Pose:
        """The same pose with some strengths changed, by the names of :data:`EXPRESSIONS`."""
        weights = list(self.weights)
        for name, value in changed.items():
            weights[_PLACES[name]] = value
        return replace(self, weights=tuple(weights))

    def shuts_eyes(self) -> bool:
        """Whether both eyes are as good as closed."""
        return min(self.weight(name) for name in _LIDS) >= _SHUT

    def opens_mouth(self) -> bool:
        """Whether the mouth is open for everyone to see."""
        return self.weight("jawOpen") - self.weight("mouthClose") >= _OPEN

    def with_open_eyes(self) -> Pose:
        """The same pose without the blink."""
        return self.with_weights(**dict.fromkeys(_LIDS, 0.0))

    def with_closed_mouth(self) -> Pose:
        """The same pose with the lips together."""
        return self.with_weights(**dict.fromkeys(_PARTING, 0.0))

    def at_rest(self) -> Pose:
        """The same pose of the head, looking as before, without any expression."""
        gazing = {name: self.weight(name) for name in _GAZING}
        return replace(self, weights=NEUTRAL.weights).with_weights(**gazing)


NEUTRAL = Pose()
"""Frontal, centred, eyes open, mouth closed."""
