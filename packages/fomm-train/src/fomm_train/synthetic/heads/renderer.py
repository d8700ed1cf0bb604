"""People as square frames with their truth."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from fomm_core.errors import ConfigError
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import Keypoints
from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.heads.assets import load_assets
from fomm_train.synthetic.heads.figure import make_figure
from fomm_train.synthetic.heads.gl.sitter import Sitter
from fomm_train.synthetic.heads.gl.stage import Stage
from fomm_train.synthetic.heads.ground_truth import GroundTruth
from fomm_train.synthetic.heads.identity import Identity
from fomm_train.synthetic.heads.labels import Label
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.photography import photograph
from fomm_train.synthetic.heads.pose import NEUTRAL, Pose
from fomm_train.synthetic.heads.posing import PosedHead, pose_head
from fomm_train.synthetic.heads.rigid import place

MIN_SIZE = 32

_LARGEST_ATLAS, _ATLAS_DENSITY = 1024, 4
_POSES = 2
_ENOUGH_SKIN = 50


class Renderer:
    """Renders people; equal arguments give equal pixels on equal renderers.

    Graphics cards and Mesa differ by single levels; keypoints are the same everywhere.

    Args:
        assets: file of the head model; ``None`` for the one in the cache folder.
        size: height and width of the frames in pixels, at least 32.
        supersampling: pictures are rendered so many times as large and averaged.
        keep: number of people that stay ready for their next frame.

    Raises:
        ConfigError: ``size`` is too small.
        EngineError: there is no OpenGL; the message says what to install.
        ModelError: there are no assets; the message says how to build them.
    """

    def __init__(
        self, assets: Path | None, size: int, supersampling: int = 1, keep: int = 4
    ) -> None:
        if size < MIN_SIZE:
            raise ConfigError(f"heads: expected frames of {MIN_SIZE} pixels or more, found {size}")
        loaded = load_assets(assets)
        self.size = size
        self._picture_size = size * supersampling
        self._model = HeadModel(loaded)
        atlas_side = min(_LARGEST_ATLAS, _ATLAS_DENSITY * self._picture_size)
        self._stage = Stage(loaded, size, self._picture_size, atlas_side)
        self._truth = GroundTruth(self._model)
        self._keep = keep
        self._sitters: OrderedDict[Identity, Sitter] = OrderedDict()
        self._posed = lru_cache(_POSES)(self._pose)

    @property
    def renderer(self) -> str:
        """Name of the graphics card, or of Mesa's renderer."""
        return self._stage.renderer

    def render(self, identity: Identity, pose: Pose) -> ByteArray:
        """Render one frame, (size, size, 3) uint8 RGB."""
        picture = self._picture(self._sitter(identity), self._posed(identity, pose), pose)
        grain = make_rng(identity.seed, "head grain", _number(pose))
        return photograph(picture, identity.photography, grain)

    def labels(self, identity: Identity, pose: Pose) -> ByteArray:
        """Render the label map of a frame, (size, size) uint8."""
        placement = place(identity.camera, pose)
        return self._stage.labels(self._sitter(identity), self._posed(identity, pose), placement)

    def keypoints(self, identity: Identity, pose: Pose) -> Keypoints:
        """The true keypoints of a frame."""
        placement = place(identity.camera, pose)
        return self._truth.keypoints(self._posed(identity, pose), placement, self.size)

    def _picture(self, sitter: Sitter, head: PosedHead, pose: Pose) -> ByteArray:
        """A frame before it is photographed."""
        placement = place(sitter.figure.identity.camera, pose)
        picture = self._stage.picture(sitter, head, placement)
        if self._picture_size == self.size:
            return picture
        return np.asarray(
            Image.fromarray(picture).resize((self.size, self.size), Image.Resampling.BOX)
        )

    def _pose(self, identity: Identity, pose: Pose) -> PosedHead:
        return pose_head(self._model, self._sitter(identity).figure.head, pose)

    def _sitter(self, identity: Identity) -> Sitter:
        """The person, who is made ready at its first frame."""
        if identity in self._sitters:
            self._sitters.move_to_end(identity)
            return self._sitters[identity]
        while len(self._sitters) >= self._keep:
            self._stage.dismiss(self._sitters.popitem(last=False)[1])
        sitter = self._stage.seat(make_figure(self._model, identity, self._picture_size))
        self._expose(sitter)
        self._sitters[identity] = sitter
        return sitter

    def _expose(self, sitter: Sitter) -> None:
        """Choose the exposure by the light, then by the skin of a first picture."""
        identity = sitter.figure.identity
        light = identity.light
        lamps = sum(np.mean(lamp.colour) * max(lamp.direction[2], 0.2) for lamp in light.lamps)
        amount = float(lamps + np.mean(light.ambient[0]))
        brightness = identity.photography.brightness
        sitter.exposure = brightness * 1.05 / max(amount, 0.35) ** 0.8
        head = pose_head(self._model, sitter.figure.head, NEUTRAL)
        labels = self._stage.labels(sitter, head, place(identity.camera, NEUTRAL))
        skin = self._picture(sitter, head, NEUTRAL)[labels == Label.SKIN].mean(axis=1) / 255
        if len(skin) > _ENOUGH_SKIN:
            found = float(np.mean(skin**2.2) ** (1 / 2.2))
            wanted = np.clip(0.30 + 0.42 * np.mean(identity.skin.colour) ** 0.6, 0.24, 0.66)
            ratio = float(wanted) * sitter.figure.brightness / max(found, 0.02)
            sitter.exposure = float(np.clip(sitter.exposure * ratio**2.5, 0.15, 6.0))


def _number(pose: Pose) -> int:
    """A number that stands for a pose."""
    track = (*vars(pose).values(),)
    numbers = np.array([*track[:-1], *track[-1]], np.float32)
    return zlib.crc32(numbers.tobytes())
