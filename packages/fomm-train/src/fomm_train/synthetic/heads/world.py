"""Rendered people as a world of synthetic people."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.casting import draw_identity
from fomm_train.synthetic.heads.ground_truth import KEYPOINT_NAMES, MIRRORED
from fomm_train.synthetic.heads.identity import Identity
from fomm_train.synthetic.heads.labels import LABEL_NAMES, Label, masks_of, region_of
from fomm_train.synthetic.heads.motion import FRAME_RATE, Motion, draw_motion
from fomm_train.synthetic.heads.pose import Pose
from fomm_train.synthetic.heads.renderer import Renderer
from fomm_train.synthetic.world import ExpressionKind, Masks

_REGIONS = {"blink": Label.EYES, "mouth": Label.MOUTH}


class RenderedWorld:
    """Rendered people; see :class:`~fomm_train.synthetic.world.World`.

    The renderer opens with the first frame, in each process its own.

    Args:
        size: height and width of the frames in pixels, at least 32.
        supersampling: frames are rendered so many times as large and averaged.
        keep: number of people that stay ready for their next frame.
        assets: file of the head model; ``None`` for the one in the cache folder.
    """

    name = "head"
    frame_rate = FRAME_RATE
    keypoint_names = KEYPOINT_NAMES
    label_names = LABEL_NAMES
    expressions = (
        ExpressionKind("blink", Pose.shuts_eyes, Pose.with_open_eyes),
        ExpressionKind("mouth", Pose.opens_mouth, Pose.with_closed_mouth),
    )

    def __init__(
        self, size: int, supersampling: int = 1, keep: int = 4, assets: Path | None = None
    ) -> None:
        self.size = size
        self._supersampling, self._keep, self._assets = supersampling, keep, assets

    def __reduce__(self) -> tuple[type[RenderedWorld], tuple[object, ...]]:
        """Leave the renderer behind: it belongs to one process."""
        return RenderedWorld, (self.size, self._supersampling, self._keep, self._assets)

    def open(self) -> RenderedWorld:
        """Open the renderer now, so that what is missing is told before anything is written.

        Raises:
            FommError: see :attr:`renderer`.
        """
        _ = self.renderer
        return self

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer.

        Raises:
            ConfigError: frames are too small.
            EngineError: there is no OpenGL; the message says what to install.
            ModelError: there are no assets; the message says how to build them.
        """
        return Renderer(self._assets, self.size, self._supersampling, self._keep)

    @property
    def mirrored_keypoints(self) -> npt.NDArray[np.intp]:
        """(20,) int: which keypoint takes the place of each in a mirror."""
        return MIRRORED

    def draw_identity(self, seed: int, split: Split, number: int) -> Identity:
        """Draw a person; see :func:`draw_identity`."""
        return draw_identity(seed, split, number)

    def draw_motion(self, seed: int, split: Split, number: int, frames: int) -> Motion:
        """Draw a motion; see :func:`draw_motion`."""
        return draw_motion(seed, split, number, frames)

    def at_rest(self, pose: Pose) -> Pose:
        """The same pose of the head without any expression."""
        return pose.at_rest()

    def render(self, identity: Identity, pose: Pose) -> ByteArray:
        """Render one frame, (size, size, 3) uint8 RGB."""
        return self.renderer.render(identity, pose)

    def keypoints(self, identity: Identity, pose: Pose) -> Keypoints:
        """The twenty keypoints; they are those of this identity."""
        return self.renderer.keypoints(identity, pose)

    def masks(self, identity: Identity, pose: Pose) -> Masks:
        """Label map, eyes and mouth, and the figure."""
        return masks_of(self.renderer.labels(identity, pose))

    def expression_region(self, identity: Identity, pose: Pose, expression: str) -> FloatArray:
        """Mask of an expression in a frame, (1, size, size) float32 in [0, 1]."""
        return region_of(self.renderer.labels(identity, pose), _REGIONS[expression])
