"""Avatars as a world of synthetic people."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.ground_truth import KEYPOINT_NAMES, MIRRORED, true_keypoints
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.motion import FRAME_RATE, Motion, draw_motion
from fomm_train.synthetic.drawn.pose import Pose
from fomm_train.synthetic.drawn.regions import eye_mask, mouth_mask, region_mask
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.world import ExpressionKind, Masks

_REGIONS = {"blink": eye_mask, "mouth": mouth_mask}


class DrawnWorld:
    """Avatars; see :class:`~fomm_train.synthetic.world.World`.

    Args:
        size: height and width of the frames in pixels, at least 16.
        keep: number of backgrounds that are kept for the next frame.

    Raises:
        ConfigError: ``size`` is too small.
    """

    name = "avatar"
    frame_rate = FRAME_RATE
    keypoint_names = KEYPOINT_NAMES
    label_names: tuple[str, ...] = ()
    expressions = (
        ExpressionKind("blink", Pose.shuts_eyes, Pose.with_open_eyes),
        ExpressionKind("mouth", Pose.opens_mouth, Pose.with_closed_mouth),
    )

    def __init__(self, size: int, keep: int = 32) -> None:
        self._renderer = Renderer(size, keep)

    @property
    def size(self) -> int:
        """Height and width of the frames in pixels."""
        return self._renderer.size

    @property
    def mirrored_keypoints(self) -> npt.NDArray[np.intp]:
        """(10,) int: which keypoint takes the place of each in a mirror."""
        return MIRRORED

    def draw_identity(self, seed: int, split: Split, number: int) -> Identity:
        """Draw an avatar; see :func:`draw_identity`."""
        return draw_identity(seed, split, number)

    def draw_motion(self, seed: int, split: Split, number: int, frames: int) -> Motion:
        """Draw a motion; see :func:`draw_motion`."""
        return draw_motion(seed, split, number, frames)

    def at_rest(self, pose: Pose) -> Pose:
        """The same pose of the head with open eyes, a closed mouth and a calm brow."""
        return pose.at_rest()

    def render(self, identity: Identity, pose: Pose) -> ByteArray:
        """Paint one frame, (size, size, 3) uint8 RGB."""
        return self._renderer.render(identity, pose)

    def keypoints(self, identity: Identity, pose: Pose) -> Keypoints:
        """The ten keypoints, which are those of the pose, whoever it is."""
        return true_keypoints(pose)

    def masks(self, identity: Identity, pose: Pose) -> Masks:
        """Eyes and mouth, and the figure; there are no label maps."""
        foreground = self._renderer.figure_mask(identity, pose)
        return Masks(region_mask(pose, self.size), foreground)

    def expression_region(self, identity: Identity, pose: Pose, expression: str) -> FloatArray:
        """Mask of an expression in a frame, (1, size, size) float32 in [0, 1]."""
        return _REGIONS[expression](pose, self.size)
