"""Colours as light: linear RGB in [0, 1], in which shading adds up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Colour: TypeAlias = tuple[float, float, float]
Array: TypeAlias = npt.NDArray[np.float64]

_GAMMA = 2.2

SKINS: Array = np.array(
    [
        (245, 208, 188), (238, 196, 172), (228, 180, 152), (215, 164, 130), (200, 148, 112),
        (170, 118, 84), (136, 90, 62), (104, 67, 47), (78, 50, 37), (60, 39, 30),
    ]
) / 255.0  # fmt: skip
"""Skins from light to dark, sRGB in [0, 1]; a tone is a place between them, 0 to 9."""

HAIRS: Array = np.array(
    [
        (18, 14, 13), (30, 22, 18), (52, 34, 24), (78, 52, 34), (106, 74, 46), (140, 104, 66),
        (186, 148, 98), (214, 186, 138), (120, 56, 28), (160, 76, 36), (120, 118, 116),
        (178, 176, 172), (222, 220, 215),
    ]
) / 255.0  # fmt: skip
"""Hair, sRGB in [0, 1]: black to blond, two reds, three greys."""

LIPSTICKS = (
    (176, 40, 52), (200, 84, 90), (150, 40, 70), (188, 96, 84), (120, 30, 40), (214, 110, 120),
)  # fmt: skip
EYE_SHADOWS = (
    (90, 60, 50), (60, 50, 60), (120, 80, 90), (60, 70, 110), (110, 80, 50), (50, 40, 40),
)  # fmt: skip
IRISES = (
    (70, 42, 24), (96, 62, 34), (48, 30, 20), (110, 120, 80),
    (96, 130, 150), (120, 150, 170), (90, 110, 90), (140, 110, 60),
)  # fmt: skip
GLASSES_FRAMES = (
    (12, 12, 14), (40, 26, 18), (90, 80, 70), (150, 130, 80), (20, 20, 60), (120, 20, 30),
)  # fmt: skip


def linear(srgb: Array) -> Array:
    """Light of sRGB values in [0, 1]."""
    light: Array = np.asarray(srgb, np.float64) ** _GAMMA
    return light


def linear_of(rgb: Sequence[int]) -> Array:
    """Light of sRGB values from 0 to 255."""
    return linear(np.array(rgb) / 255.0)


def colour(light: Array) -> Colour:
    """A linear colour as a value that can be compared and hashed."""
    red, green, blue = np.asarray(light, np.float64).tolist()
    return red, green, blue


def toned(rgb: Array, saturation: float) -> Array:
    """A colour with its distance to grey multiplied."""
    grey = rgb.mean()
    moved: Array = grey + (rgb - grey) * saturation
    return moved
