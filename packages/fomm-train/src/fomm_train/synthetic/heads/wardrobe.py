"""Drawing hair styles, hats, glasses, jewellery and clothes at random."""

from __future__ import annotations

import numpy as np

from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.colour import (
    GLASSES_FRAMES,
    Array,
    Colour,
    colour,
    linear,
    linear_of,
    toned,
)
from fomm_train.synthetic.heads.identity import Clothes, Earrings, Glasses, Hat

_MASCULINE_HAIR = (
    "bald", "buzz", "short", "side", "back", "spiky", "medium", "afro", "mesh", "curly", "fringe",
)  # fmt: skip
_MASCULINE_WEIGHTS = (0.07, 0.12, 0.22, 0.17, 0.11, 0.06, 0.06, 0.04, 0.03, 0.06, 0.06)
_FEMININE_HAIR = (
    "long", "longside", "bob", "fringebob", "tied", "pony", "back", "short", "afro", "curlylong",
    "mesh", "wavy", "bun",
)  # fmt: skip
_FEMININE_WEIGHTS = (
    0.19, 0.14, 0.12, 0.07, 0.09, 0.06, 0.04, 0.05, 0.04, 0.07, 0.04, 0.06, 0.03,
)  # fmt: skip
_DARK_SKINNED_HAIR = ("afro", "buzz", "curly", "tied", "curlylong")
_MASCULINE_MESHES = ("short01", "short02")
_FEMININE_MESHES = ("long01", "long01", "bob01", "bob02", "braid01")
_HATS = ("beanie", "cap", "fedora", "hijab", "band")
_HAT_PATTERNS = (0, 0, 0, 0, 3, 3, 1, 2)
_METALS: tuple[Colour, ...] = (
    (0.8, 0.6, 0.2),
    (0.75, 0.75, 0.78),
    (0.9, 0.9, 0.88),
    (0.1, 0.3, 0.5),
)
_CLOTHES = ("crew", "vneck", "shirt", "suit", "turtle", "scoop", "hoodie")


def draw_hair_style(draw: Draw, masculine: bool, tone: float) -> str:
    """A style of hair for a skin of a tone."""
    if masculine:
        style = draw.choice(_MASCULINE_HAIR, _MASCULINE_WEIGHTS)
        if draw.chance(0.05):
            style = "long"
    else:
        style = draw.choice(_FEMININE_HAIR, _FEMININE_WEIGHTS)
    if tone > 4.5 and draw.chance(0.3):
        style = draw.choice(_DARK_SKINNED_HAIR)
    return style


def draw_hat(draw: Draw, masculine: bool) -> tuple[Hat | None, str]:
    """Headwear, which most people have none of, and the name of a mesh of hair."""
    style = draw.choice(_HATS, (0.3, 0.25, 0.1, 0.25, 0.1)) if draw.chance(0.11) else None
    if style == "hijab" and masculine:
        style = "cap"
    light = draw.stream.random(3) * draw.choice((0.3, 0.7, 1.0)) * 0.9 + 0.03
    first = linear(np.clip(light, 0, None))
    second = linear(draw.stream.random(3) * 0.9)
    first = toned(first, draw.uniform(0.2, 1.0))
    pattern = draw.choice(_HAT_PATTERNS)
    mesh = draw.choice(_MASCULINE_MESHES if masculine else _FEMININE_MESHES)
    if style is None:
        return None, mesh
    plain = style == "fedora"
    return Hat(style, colour(first), colour(second), 0 if plain else pattern), mesh


def draw_glasses(draw: Draw) -> Glasses | None:
    """Glasses, which a fifth of all people wear."""
    styles = ("none", "full", "thin", "half", "sun")
    style = draw.choice(styles, (0.79, 0.1, 0.06, 0.03, 0.02))
    frame = colour(linear_of(draw.choice(GLASSES_FRAMES)))
    width, height = draw.uniform(0.85, 1.15), draw.uniform(0.8, 1.25)
    squareness = draw.choice((2.0, 2.4, 3.5))
    return None if style == "none" else Glasses(style, frame, width, height, squareness)


def draw_earrings(draw: Draw, masculine: bool) -> Earrings | None:
    """Earrings, which only women wear here."""
    worn = not masculine and draw.chance(0.35)
    size, metal = draw.uniform(0.2, 0.5), draw.choice(_METALS)
    return Earrings(size, metal) if worn else None


def draw_clothes(draw: Draw) -> Clothes:
    """Clothes, as far as a portrait shows them."""
    style = draw.choice(_CLOTHES, (0.24, 0.14, 0.16, 0.22, 0.08, 0.09, 0.07))
    first = _cloth(draw)
    second = toned(draw.stream.random(3), draw.uniform(0.2, 0.9)) * 0.95
    third = draw.stream.random(3) * draw.choice((0.4, 0.9))
    colours = [linear(np.clip(light, 0.0, 1.0)) for light in (first, second, third)]
    if style == "suit":
        colours[:2] = _suit(draw, colours[1])
    pattern = draw.choice((0, 1, 2, 3, 4), (0.55, 0.15, 0.1, 0.1, 0.1))
    scale = draw.uniform(0.5, 2.5)
    first, second, third = colours
    tie = draw.chance(0.6)
    return Clothes(style, colour(first), colour(second), colour(third), pattern, scale, tie)


def _cloth(draw: Draw) -> Array:
    light = draw.stream.random(3) * draw.choice((0.25, 0.6, 1.0))
    light = toned(light, draw.uniform(0.2, 1.0))
    if draw.chance(0.45):
        light = np.full(3, light.mean()) * (1 + draw.stream.normal(size=3) * 0.05)
    cloth: Array = np.clip(light * 0.92 + 0.03, 0.01, 1)
    return cloth


def _suit(draw: Draw, shirt: Array) -> tuple[Array, Array]:
    """Dark cloth, and mostly a white shirt."""
    dark = draw.uniform(0.04, 0.3)
    dyed = dark * np.array([draw.uniform(0.85, 1.1), 1, draw.uniform(0.95, 1.35)])
    white = draw.uniform(0.7, 0.97)
    tint = white * np.array([draw.uniform(0.9, 1), draw.uniform(0.94, 1), 1])
    return linear(np.clip(dyed, 0, 1)), linear(np.clip(tint, 0, 1)) if draw.chance(0.8) else shirt
