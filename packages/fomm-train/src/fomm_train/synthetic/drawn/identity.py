"""The looks of an avatar: everything about it that does not move.

Lengths are in units of half a frame, at the scale of the reference frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from fomm_train.synthetic.drawn.palette import Colour


@dataclass(frozen=True)
class Head:
    """Shape of the head and colour of the skin.

    Attributes:
        half_width: from the middle to a temple, 0.40 to 0.52.
        jaw: half width of the jaw.
        chin: half width of the chin.
        ear: size of the ears relative to the usual.
        blush: strength of the red on the cheeks, 0 to 1.
        freckles: number of freckles on each cheek.
    """

    skin: Colour
    half_width: float
    jaw: float
    chin: float
    ear: float
    blush: float
    freckles: int


@dataclass(frozen=True)
class Eyes:
    """Eyes and lashes.

    Attributes:
        half_width, half_height: of the open eye.
        roundness: shape of the lids; larger is rounder.
        slant: how much higher the outer corner is than the middle.
        iris_size: radius of the iris relative to ``half_height``.
        lid: colour of the lids.
        line: thickness of the line of lashes.
        wing: how far the lashes reach beyond the outer corner.
    """

    half_width: float
    half_height: float
    roundness: float
    slant: float
    iris: Colour
    iris_size: float
    lid: Colour
    line: float
    wing: float


@dataclass(frozen=True)
class Brows:
    """Eyebrows: ``gap`` above the eye, ``arch`` of the middle, ``slant`` up to the outside."""

    colour: Colour
    thickness: float
    gap: float
    arch: float
    slant: float


@dataclass(frozen=True)
class Nose:
    """Nose: half width at its wings, radius of its tip and how far that sticks out."""

    width: float
    tip: float
    length: float


@dataclass(frozen=True)
class Mouth:
    """Mouth: half width in the reference frame, thickness of both lips, their colour."""

    half_width: float
    upper: float
    lower: float
    lips: Colour


@dataclass(frozen=True)
class Hair:
    """Hair on the head.

    Attributes:
        style: see :data:`HAIR_STYLES`.
        fringe: see :data:`FRINGES`.
        volume: thickness over the skull.
        side: -1 or 1, the side of the parting.
        shiny: with a strip of light across it.
        seed: of the places of curls and spikes.
    """

    style: str
    fringe: str
    colour: Colour
    volume: float
    side: int
    shiny: bool
    seed: int


@dataclass(frozen=True)
class Beard:
    """Beard: see :data:`BEARDS`."""

    style: str
    colour: Colour


@dataclass(frozen=True)
class Glasses:
    """Glasses: see :data:`GLASSES`; ``size`` is the half height of a lens."""

    style: str
    colour: Colour
    size: float
    line: float


@dataclass(frozen=True)
class Headwear:
    """Something on the head: see :data:`HEADWEAR`."""

    style: str
    colour: Colour
    trim: Colour


@dataclass(frozen=True)
class Clothes:
    """Clothes: see :data:`CLOTHES`."""

    style: str
    colour: Colour
    trim: Colour
    accent: Colour


@dataclass(frozen=True)
class Background:
    """Background of the avatar: see :data:`BACKGROUNDS`; it never moves."""

    style: str
    colours: tuple[Colour, Colour, Colour]
    seed: int


@dataclass(frozen=True)
class Identity:
    """An avatar without its motion; beard, glasses and headwear may be missing."""

    head: Head
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    hair: Hair
    clothes: Clothes
    background: Background
    beard: Beard | None = None
    glasses: Glasses | None = None
    headwear: Headwear | None = None
    earrings: Colour | None = None


HAIR_STYLES = (
    "short", "bob", "long", "curly", "afro", "spiky", "bun", "ponytail", "pigtails", "mohawk",
    "buzz", "bald",
)  # fmt: skip
FRINGES = ("straight", "high", "swept", "parted", "zigzag", "curtain")
BEARDS = ("full", "stubble", "goatee", "moustache")
GLASSES = ("round", "square", "wide", "cat")
HEADWEAR = ("beanie", "bobble", "cap", "headband", "headphones", "bow", "flower", "party")
HATS = ("beanie", "bobble", "cap")
"""Headwear that covers the forehead."""

CLOTHES = ("tee", "vneck", "shirt", "hoodie", "turtleneck", "suit", "stripes", "scarf")
BACKGROUNDS = ("gradient", "glow", "stripes", "dots", "hills", "bokeh", "rays", "window")
