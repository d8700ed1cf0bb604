"""Colours of the avatars."""

from __future__ import annotations

import colorsys

Colour = tuple[int, int, int]
"""Red, green and blue, each 0 to 255."""

Paint = Colour | tuple[int, int, int, int]
"""A colour, or one with its opacity, 0 to 255, that lets what is below shine through."""

SKINS: tuple[Colour, ...] = (
    (255, 224, 202),
    (250, 209, 180),
    (242, 194, 160),
    (232, 178, 140),
    (216, 158, 116),
    (196, 136, 96),
    (168, 110, 74),
    (138, 86, 58),
    (108, 68, 48),
    (84, 54, 42),
)
NATURAL_HAIR: tuple[Colour, ...] = (
    (34, 28, 30),
    (58, 40, 32),
    (92, 58, 36),
    (134, 84, 46),
    (176, 118, 62),
    (222, 178, 98),
    (240, 212, 148),
    (176, 74, 38),
    (206, 104, 52),
    (150, 150, 156),
    (226, 224, 220),
)
IRISES: tuple[Colour, ...] = (
    (88, 56, 36),
    (122, 82, 44),
    (74, 122, 168),
    (96, 160, 196),
    (70, 136, 92),
    (128, 140, 70),
    (110, 120, 134),
    (146, 104, 168),
)
WHITE: Colour = (252, 250, 246)
INK: Colour = (38, 28, 34)


SHADOW: Paint = (44, 14, 40, 36)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; ``share`` of the second, from 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """Blend with a warm black."""
    return mix(colour, (40, 16, 30), share)


def lighter(colour: Colour, share: float) -> Colour:
    """Blend with a warm white."""
    return mix(colour, (255, 248, 236), share)


def distance(first: Colour, second: Colour) -> int:
    """Sum of the differences of red, green and blue, 0 to 765."""
    return sum(abs(a - b) for a, b in zip(first, second, strict=True))


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour by hue, saturation and value, each from 0 to 1; the hue wraps around."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
