"""Drawing identities at random."""

from __future__ import annotations

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.drawn import palette
from fomm_train.synthetic.drawn.identity import (
    BACKGROUNDS,
    BEARDS,
    CLOTHES,
    FRINGES,
    GLASSES,
    HAIR_STYLES,
    HATS,
    HEADWEAR,
    Background,
    Beard,
    Brows,
    Clothes,
    Eyes,
    Glasses,
    Hair,
    Head,
    Headwear,
    Identity,
    Mouth,
    Nose,
)
from fomm_train.synthetic.drawn.palette import Colour, darker, distance, hsv, lighter, mix
from fomm_train.synthetic.draws import Draw, Split

_HAIR_WEIGHTS = (5, 4, 4, 3, 2, 3, 2, 2, 1.5, 1, 1.5, 1)
_UNDER_HATS = ("short", "bob", "long", "ponytail", "bald")


def draw_identity(seed: int, split: Split, number: int) -> Identity:
    """Identity ``number`` of a part of the set; equal arguments give equal identities."""
    draw = Draw(make_rng(seed, "avatar identity", int(split), number))
    feminine = draw.chance(0.5)
    head = _head(draw, feminine)
    hair_colour = _hair_colour(draw, head.skin)
    headwear = _headwear(draw) if draw.chance(0.27) else None
    hair = _hair(draw, hair_colour, feminine, headwear)
    return Identity(
        head=head,
        eyes=_eyes(draw, head.skin, feminine),
        brows=_brows(draw, hair_colour, head.skin, feminine),
        nose=Nose(draw.uniform(0.045, 0.085), draw.uniform(0.034, 0.055), draw.uniform(0.0, 0.05)),
        mouth=_mouth(draw, head.skin, feminine),
        hair=hair,
        clothes=_clothes(draw),
        background=_background(draw),
        beard=_beard(draw, hair_colour, head.skin) if not feminine and draw.chance(0.5) else None,
        glasses=_glasses(draw) if draw.chance(0.28) else None,
        headwear=headwear,
        earrings=_bright(draw) if feminine and draw.chance(0.4) else None,
    )


def _bright(draw: Draw) -> Colour:
    return hsv(draw.uniform(0, 1), draw.uniform(0.45, 0.85), draw.uniform(0.6, 0.98))


def _soft(draw: Draw) -> Colour:
    return hsv(draw.uniform(0, 1), draw.uniform(0.12, 0.6), draw.uniform(0.35, 0.95))


def _head(draw: Draw, feminine: bool) -> Head:
    first, second = draw.choice(palette.SKINS), draw.choice(palette.SKINS)
    half_width = draw.uniform(0.42, 0.5)
    jaw = draw.uniform(0.33, 0.39) if feminine else draw.uniform(0.35, 0.44)
    return Head(
        skin=mix(first, second, draw.uniform(0.0, 0.35)),
        half_width=half_width,
        jaw=min(jaw, half_width - 0.03),
        chin=draw.uniform(0.1, 0.16) if feminine else draw.uniform(0.13, 0.25),
        ear=draw.uniform(0.85, 1.3),
        blush=draw.uniform(0.0, 0.8) if feminine else draw.uniform(0.0, 0.4),
        freckles=draw.whole(3, 5) if draw.chance(0.15) else 0,
    )


def _hair_colour(draw: Draw, skin: Colour) -> Colour:
    natural = mix(draw.choice(palette.NATURAL_HAIR), _soft(draw), draw.uniform(0.0, 0.15))
    colour = _bright(draw) if draw.chance(0.12) else natural
    # Hair must stand out from the skin, or the head has no shape at small sizes.
    if distance(colour, skin) > 110:
        return colour
    return max(darker(colour, 0.55), lighter(colour, 0.35), key=lambda c: distance(c, skin))


def _hair(draw: Draw, colour: Colour, feminine: bool, headwear: Headwear | None) -> Hair:
    weights = [
        w * (1.6 if feminine == (style in ("bob", "long", "bun", "ponytail", "pigtails")) else 0.6)
        for style, w in zip(HAIR_STYLES, _HAIR_WEIGHTS, strict=True)
    ]
    style = draw.choice(HAIR_STYLES, weights)
    hat = headwear is not None and headwear.style in HATS
    if hat and style not in _UNDER_HATS:
        style = draw.choice(_UNDER_HATS)
    return Hair(
        style=style,
        fringe=draw.choice(FRINGES),
        colour=colour,
        volume=draw.uniform(0.015, 0.03) if hat else draw.uniform(0.04, 0.09),
        side=draw.choice((-1, 1)),
        shiny=not hat and style not in ("spiky", "curly"),
        seed=draw.whole(0, 2**31 - 1),
    )


def _eyes(draw: Draw, skin: Colour, feminine: bool) -> Eyes:
    shadow = feminine and draw.chance(0.5)
    return Eyes(
        half_width=draw.uniform(0.112, 0.142),
        half_height=draw.uniform(0.08, 0.108),
        roundness=draw.uniform(1.9, 2.7),
        slant=draw.uniform(-0.012, 0.022),
        iris=mix(draw.choice(palette.IRISES), _bright(draw), draw.uniform(0.0, 0.25)),
        iris_size=draw.uniform(0.82, 0.96),
        lid=mix(_lid(skin), _bright(draw), 0.45 if shadow else 0.0),
        line=draw.uniform(0.024, 0.034) if feminine else draw.uniform(0.017, 0.026),
        wing=draw.uniform(0.02, 0.05) if feminine else 0.0,
    )


def _lid(skin: Colour) -> Colour:
    """A lid stands out from the skin, or a closed eye could not be seen."""
    return darker(skin, 0.2) if sum(skin) > 330 else mix(skin, (222, 134, 96), 0.26)


def _brows(draw: Draw, hair: Colour, skin: Colour, feminine: bool) -> Brows:
    return Brows(
        colour=darker(mix(hair, skin, 0.08), draw.uniform(0.2, 0.45)),
        thickness=draw.uniform(0.022, 0.036) if feminine else draw.uniform(0.032, 0.058),
        gap=draw.uniform(0.035, 0.06),
        arch=draw.uniform(0.0, 0.035),
        slant=draw.uniform(-0.015, 0.03),
    )


def _mouth(draw: Draw, skin: Colour, feminine: bool) -> Mouth:
    painted = feminine and draw.chance(0.55)
    natural = mix(darker(skin, 0.18), (196, 70, 80), draw.uniform(0.3, 0.5))
    lipstick = hsv(draw.uniform(-0.08, 0.03), draw.uniform(0.6, 0.85), draw.uniform(0.6, 0.9))
    return Mouth(
        half_width=draw.uniform(0.15, 0.195),
        upper=draw.uniform(0.032, 0.046) if feminine else draw.uniform(0.022, 0.036),
        lower=draw.uniform(0.044, 0.062) if feminine else draw.uniform(0.034, 0.05),
        lips=lipstick if painted else natural,
    )


def _beard(draw: Draw, hair: Colour, skin: Colour) -> Beard:
    style = draw.choice(BEARDS)
    colour = mix(skin, darker(hair, 0.3), 0.35) if style == "stubble" else darker(hair, 0.12)
    return Beard(style, colour)


def _glasses(draw: Draw) -> Glasses:
    dark = hsv(draw.uniform(0, 1), draw.uniform(0.2, 0.7), draw.uniform(0.12, 0.35))
    return Glasses(
        style=draw.choice(GLASSES),
        colour=dark if draw.chance(0.6) else _bright(draw),
        size=draw.uniform(0.135, 0.165),
        line=draw.uniform(0.018, 0.03),
    )


def _headwear(draw: Draw) -> Headwear:
    colour, trim = _bright(draw), _bright(draw)
    return Headwear(draw.choice(HEADWEAR), colour, lighter(trim, 0.3))


def _clothes(draw: Draw) -> Clothes:
    colour = _bright(draw) if draw.chance(0.6) else _soft(draw)
    trim = draw.choice((lighter(colour, 0.55), darker(colour, 0.45), _bright(draw)))
    return Clothes(draw.choice(CLOTHES), colour, trim, _bright(draw))


def _background(draw: Draw) -> Background:
    hue = draw.uniform(0, 1)
    near = draw.uniform(-0.12, 0.12)
    bright = draw.uniform(0.45, 0.98)
    first = hsv(hue, draw.uniform(0.15, 0.6), bright)
    second = hsv(hue + near, draw.uniform(0.2, 0.65), bright * draw.uniform(0.6, 0.95))
    third = hsv(hue + near + 0.45, draw.uniform(0.2, 0.6), draw.uniform(0.6, 1.0))
    seed = draw.whole(0, 2**31 - 1)
    return Background(draw.choice(BACKGROUNDS), (first, second, third), seed)
