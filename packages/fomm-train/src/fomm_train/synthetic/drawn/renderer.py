"""Painting avatars."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
from PIL import Image, ImageDraw

from fomm_core.errors import ConfigError
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.drawn.background import paint_background
from fomm_train.synthetic.drawn.canvas import Canvas
from fomm_train.synthetic.drawn.figure import Figure
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.pose import Pose

MIN_SIZE = 16
_LARGEST = 768
_LEAST_SAMPLES, _MOST_SAMPLES = 2, 4
_FIGURES = 4096  # of some 50 kB


class Renderer:
    """Paints avatars as square frames; equal arguments give equal pixels, in every process.

    Each pixel is the mean of up to 4 x 4 samples. Other versions of NumPy or Pillow, and other
    processors, may round single samples differently.

    Args:
        size: height and width of the frames in pixels, at least 16.
        keep: number of backgrounds that are kept for the next frame, beside the shapes of
            thousands of identities.

    Raises:
        ConfigError: ``size`` is too small.
    """

    def __init__(self, size: int, keep: int = 32) -> None:
        if size < MIN_SIZE:
            raise ConfigError(
                f"avatars: expected frames of {MIN_SIZE} pixels or more, found {size}"
            )
        self.size = size
        self._canvas = Canvas(size, max(_LEAST_SAMPLES, min(_MOST_SAMPLES, _LARGEST // size)))
        self._keep = keep
        self._background = lru_cache(keep)(paint_background)
        self._figure = lru_cache(_FIGURES)(Figure)

    def render(self, identity: Identity, pose: Pose) -> ByteArray:
        """Paint one frame, (size, size, 3) uint8 RGB."""
        image = self._background(identity.background, self._canvas.side).copy()
        opaque, veil = ImageDraw.Draw(image), ImageDraw.Draw(image, "RGBA")
        for outline, paint in self._figure(identity).polygons(pose, self._canvas):
            # Pillow reads float32 arrays as they are, which its types do not say.
            (opaque if len(paint) == 3 else veil).polygon(cast("list[float]", outline), fill=paint)
        return np.asarray(image.reduce(self._canvas.samples))

    def figure_mask(self, identity: Identity, pose: Pose) -> FloatArray:
        """Mask of the figure in a frame, (1, size, size) float32 in [0, 1]; 0 is background."""
        image = Image.new("L", (self._canvas.side, self._canvas.side))
        painter = ImageDraw.Draw(image)
        for outline, _ in self._figure(identity).polygons(pose, self._canvas):
            painter.polygon(cast("list[float]", outline), fill=255)
        mask: FloatArray = np.asarray(image.reduce(self._canvas.samples), np.float32)[None]
        return mask / np.float32(255)

    def __reduce__(self) -> tuple[type[Renderer], tuple[int, int]]:
        """Leave out what is kept: it is not sent to other processes."""
        return Renderer, (self.size, self._keep)
