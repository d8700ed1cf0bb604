"""Drawing people at random."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.draws import Draw, Split
from fomm_train.synthetic.heads.colour import (
    EYE_SHADOWS,
    HAIRS,
    IRISES,
    LIPSTICKS,
    SKINS,
    Array,
    Colour,
    colour,
    linear,
    linear_of,
)
from fomm_train.synthetic.heads.identity import (
    Beard,
    Brows,
    Eyes,
    Hair,
    Identity,
    MakeUp,
    Mouth,
    Skin,
)
from fomm_train.synthetic.heads.lighting import draw_camera, draw_light, draw_photography
from fomm_train.synthetic.heads.wardrobe import (
    draw_clothes,
    draw_earrings,
    draw_glasses,
    draw_hair_style,
    draw_hat,
)

SHAPE_MODES = 100

_DARK_HAIR = (0.5, 0.3, 0.15, 0.05)
_BROWN_HAIR = (0.3, 0.28, 0.2, 0.1, 0.07, 0.05)
_ANY_HAIR = (0.08, 0.13, 0.17, 0.17, 0.13, 0.1, 0.09, 0.05, 0.04, 0.04)
_DARK_EYES = (0.34, 0.22, 0.3, 0.04, 0.03, 0.03, 0.02, 0.02)
_ANY_EYES = (0.2, 0.15, 0.08, 0.12, 0.15, 0.13, 0.1, 0.07)


@dataclass(frozen=True)
class _Nature:
    """Traits that others hang on: ``age`` 0 to 1, ``tone`` 0 (light) to 9, linear ``skin``."""

    masculine: bool
    age: float
    tone: float
    skin: Array


def draw_identity(seed: int, split: Split, number: int) -> Identity:
    """Person ``number`` of a part of the set; equal arguments give equal people."""
    draw = Draw(make_rng(seed, "head identity", int(split), number))
    return identity_from(draw, draw.whole(0, 2**31 - 1))


def identity_from(draw: Draw, seed: int) -> Identity:
    """Draw a person.

    Args:
        draw: the draws.
        seed: of strands, textures and background.
    """
    shape = draw.stream.normal(size=SHAPE_MODES) * draw.uniform(0.6, 1.1)
    nature = _nature(draw)
    skin, lips, lip_gloss = _skin(draw, nature), *_lips(draw, nature)
    hair, brows = _hair_colours(draw, nature)
    hair_colour, second = _strands(draw, hair)
    brow_colour = linear(np.clip(brows * draw.uniform(0.6, 1.05), 0.02, 1))
    eyebrows = _brows(draw, nature, brow_colour)
    hairline, shine = _hairline(draw, nature), draw.uniform(0.3, 1.2)
    beard, make_up = _beard(draw, nature), _make_up(draw, nature)
    bags = draw.uniform(0, 0.6) + 0.5 * nature.age
    eyes, mouth = _eyes(draw, nature), _mouth(draw, colour(lips), lip_gloss)
    gloss, roughness = draw.uniform(0.15, 1.0), draw.uniform(0.0, 1.0)
    style = draw_hair_style(draw, nature.masculine, nature.tone)
    hat, mesh = draw_hat(draw, nature.masculine)
    return Identity(
        seed=seed,
        shape=tuple(shape.astype(np.float32).tolist()),
        broad=nature.masculine,
        skin=Skin(colour(nature.skin), *skin, bags, gloss, roughness),
        mouth=mouth,
        brows=eyebrows,
        beard=beard,
        make_up=make_up,
        eyes=eyes,
        hair=Hair(style, mesh, hair_colour, second, shine, hairline),
        hat=hat,
        glasses=draw_glasses(draw),
        earrings=draw_earrings(draw, nature.masculine),
        clothes=draw_clothes(draw),
        camera=draw_camera(draw),
        light=draw_light(draw),
        photography=draw_photography(draw),
    )


def _nature(draw: Draw) -> _Nature:
    masculine, age = draw.chance(0.52), float(draw.stream.beta(1.3, 1.8))
    tones = draw.uniform(0, 3.2), draw.uniform(1.5, 5.2), draw.uniform(4, 8.6)
    tone = draw.choice(tones, (0.45, 0.3, 0.25))
    first, share = int(tone), tone - int(tone)
    skin = SKINS[first] * (1 - share) + SKINS[min(first + 1, len(SKINS) - 1)] * share
    tint = (
        1 + draw.uniform(-0.02, 0.03),
        0.975 + draw.uniform(-0.03, 0.03),
        1 + draw.uniform(-0.06, 0.05),
    )
    skin = skin * np.array(tint) * draw.uniform(0.94, 1.04)
    return _Nature(masculine, age, tone, np.clip(linear(np.clip(skin, 0, 1)), 0.01, 0.95))


def _skin(draw: Draw, nature: _Nature) -> tuple[float, float, float, float, float, float]:
    """Red, mottle, freckles, moles, wrinkles and pores."""
    red = draw.uniform(0.1, 1.0) * (1 - 0.6 * min(max(nature.tone / 7, 0.0), 1.0))
    mottle = draw.uniform(0.3, 1.2)
    freckled = draw.chance(0.18 if nature.tone < 3 else 0.04)
    freckles = draw.uniform(0.3, 1) if freckled else 0.0
    moles = draw.uniform(0.2, 1) * draw.chance(0.3)
    wrinkles = min(max(nature.age * 1.3 - 0.25, 0.0), 1.0) * draw.uniform(0.6, 1.2)
    return red, mottle, freckles, moles, wrinkles, draw.uniform(0.4, 1.3)


def _lips(draw: Draw, nature: _Nature) -> tuple[Array, float]:
    tint = draw.uniform(0.78, 0.98), draw.uniform(0.42, 0.68), draw.uniform(0.45, 0.72)
    lips = nature.skin * np.array(tint)
    if nature.masculine or not draw.chance(0.5):
        return lips, draw.uniform(0.05, 0.5)
    stick = linear_of(draw.choice(LIPSTICKS)) * draw.uniform(0.8, 1.2)
    return stick * 0.7 + 0.3 * lips, draw.uniform(0.2, 1.0)


def _hair_colours(draw: Draw, nature: _Nature) -> tuple[Array, Array]:
    """Hair and brows, sRGB."""
    weights: tuple[float, ...] = _ANY_HAIR
    if nature.tone > 2.5:
        weights = _DARK_HAIR if nature.tone > 4.5 else _BROWN_HAIR
    hair = brows = draw.choice(tuple(HAIRS[: len(weights)]), weights)
    grey = min(max((nature.age - 0.55) * 2.6, 0.0), 1.0) * draw.uniform(0.3, 1)
    if draw.chance(0.05):
        grey = draw.uniform(0.5, 1.0)
    hair = hair * (1 - grey) + draw.choice(tuple(HAIRS[10:])) * grey
    brows = brows * (1 - grey * 0.6) + HAIRS[11] * grey * 0.6
    if draw.chance(0.04):
        hue = float(draw.stream.random())
        hair = np.array(colorsys.hsv_to_rgb(hue, draw.uniform(0.4, 0.85), draw.uniform(0.3, 0.8)))
    return hair, np.minimum(brows, 0.45 + 0.4 * grey)


def _strands(draw: Draw, hair: Array) -> tuple[Colour, Colour]:
    first = linear(np.clip(hair * draw.uniform(0.8, 1.2), 0.02, 1))
    return colour(first), colour(first * draw.uniform(0.8, 1.7))


def _brows(draw: Draw, nature: _Nature, brow_colour: Array) -> Brows:
    thickness = draw.uniform(0.30, 0.75) * (1.15 if nature.masculine else 0.85)
    density, height = draw.uniform(0.45, 1.0), draw.uniform(-0.25, 0.3)
    return Brows(colour(brow_colour), thickness, density, height, draw.uniform(0.0, 0.35))


def _hairline(draw: Draw, nature: _Nature) -> tuple[float, float, float]:
    height, recession = draw.uniform(-0.8, 1.0), draw.uniform(0, 3.2)
    recedes = draw.chance(0.6) and nature.age > 0.35 and nature.masculine
    return height, recession * recedes, draw.uniform(-0.6, 0.6)


def _beard(draw: Draw, nature: _Nature) -> Beard:
    if not nature.masculine:
        return Beard()
    styles = ("none", "stubble", "moustache", "goatee", "full", "short")
    style = draw.choice(styles, (0.36, 0.26, 0.05, 0.07, 0.12, 0.14))
    if style == "none":
        return Beard(draw.uniform(0.15, 0.45) if draw.chance(0.6) else 0.0)
    if style == "stubble":
        return Beard(draw.uniform(0.45, 1.0))
    stubble, moustache = draw.uniform(0.2, 0.8), draw.uniform(0.6, 1.0)
    full = draw.uniform(0.6, 1.0) if style in ("full", "short") else 0.0
    return Beard(stubble, moustache, full, draw.uniform(0.6, 1.0) if style == "goatee" else 0.0)


def _make_up(draw: Draw, nature: _Nature) -> MakeUp:
    liner = draw.uniform(0, 0.25)
    if nature.masculine or not draw.chance(0.6):
        return MakeUp((0.0, 0.0, 0.0), 0.0, liner, 0.0)
    shadow, tint = draw.uniform(0.1, 0.8), linear_of(draw.choice(EYE_SHADOWS))
    return MakeUp(colour(tint), shadow, draw.uniform(0.3, 1.0), draw.uniform(0.1, 0.8))


def _eyes(draw: Draw, nature: _Nature) -> Eyes:
    weights = _DARK_EYES if nature.tone > 2.5 else _ANY_EYES
    iris = linear(np.array(draw.choice(IRISES, weights)) / 255.0 * draw.uniform(0.8, 1.25))
    radius, pupil = draw.uniform(0.36, 0.44), draw.uniform(0.3, 0.55)
    white = _whitish(draw, (0.64, 0.84), (0.95, 0.99), (0.9, 0.98))
    return Eyes(colour(iris), radius, pupil, white, draw.uniform(0, 0.6))


def _mouth(draw: Draw, lips: Colour, lip_gloss: float) -> Mouth:
    teeth = _whitish(draw, (0.78, 0.95), (0.93, 0.99), (0.8, 0.96))
    gums = draw.uniform(0.6, 0.78), draw.uniform(0.3, 0.42), draw.uniform(0.32, 0.42)
    return Mouth(lips, lip_gloss, teeth, colour(linear(np.array(gums))))


def _whitish(
    draw: Draw, bright: tuple[float, float], green: tuple[float, float], blue: tuple[float, float]
) -> Colour:
    tint = draw.uniform(*bright) * np.array([1, draw.uniform(*green), draw.uniform(*blue)])
    return colour(linear(tint))
