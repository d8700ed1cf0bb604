"""The canvas: where frame coordinates lie on a picture with several samples a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.drawn.anatomy import Array


@dataclass(frozen=True)
class Canvas:
    """A square picture that is painted larger than it is wanted.

    Attributes:
        size: height and width of the frame in pixels.
        samples: pixels of the canvas for one of the frame, along each axis.
    """

    size: int
    samples: int

    @property
    def side(self) -> int:
        """Height and width of the canvas in its own pixels."""
        return self.size * self.samples

    @property
    def unit(self) -> float:
        """Pixels of the canvas for one unit (half a frame)."""
        return 0.5 * (self.size - 1) * self.samples

    def locate(self, points: Array) -> FloatArray:
        """Points for Pillow's polygons.

        Args:
            points: (..., 2) in the frame: -1 is the centre of the first pixel and 1 that of
                the last (``align_corners=True``).

        Returns:
            (..., 2) float32. Pillow truncates, so that the half that makes it round is added.
        """
        middle = self.unit + 0.5 * self.samples
        return (points * self.unit + middle).astype(np.float32)
