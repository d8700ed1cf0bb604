"""Labels: what each pixel of a rendered frame shows."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from scipy import ndimage

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_train.config import RegionShares
from fomm_train.synthetic.world import Masks


class Label(IntEnum):
    """Numbers of label maps."""

    BACKGROUND = 0
    SKIN = 1
    HAIR = 2  # and hats
    EYES = 3  # lids, and the frames of glasses too
    MOUTH = 4  # lips, and what is between them
    CLOTHES = 5  # and the neck
    BROWS = 6


LABEL_NAMES = tuple(label.name.lower() for label in Label)
"""Names of the labels, in order of their numbers."""


_BORDER = 3 / 256
"""Share of the frame by which weighted regions are widened."""


def weigh_labels(labels: ByteArray, shares: RegionShares) -> FloatArray:
    """Share of the region weight that each pixel gets, (1, H, W) float32 in [0, 1].

    Regions are widened by a few pixels, so that their outlines count too.

    Args:
        labels: (H, W) uint8, :class:`Label` numbers.
        shares: of each label.
    """
    table = np.array([getattr(shares, name) for name in LABEL_NAMES], np.float32)
    side = 2 * round(_BORDER * labels.shape[0]) + 1
    weights: FloatArray = ndimage.maximum_filter(table[labels], side)[None]
    return weights


def masks_of(labels: ByteArray) -> Masks:
    """The masks that follow from a label map.

    Args:
        labels: (H, W) uint8, :class:`Label` numbers.
    """
    regions = region_of(labels, Label.EYES) + region_of(labels, Label.MOUTH)
    foreground = 1.0 - region_of(labels, Label.BACKGROUND)
    return Masks(regions, foreground.astype(np.float32), labels)


def region_of(labels: ByteArray, label: Label) -> FloatArray:
    """Mask of one label, (1, H, W) float32 in {0, 1}."""
    region: FloatArray = (labels == label)[None].astype(np.float32)
    return region
