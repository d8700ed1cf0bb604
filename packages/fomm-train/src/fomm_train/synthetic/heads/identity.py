"""The looks of a person: everything about it that does not move.

Lengths are in units of the model of heads, of which 34 fill a frame at zoom 1; colours are
linear RGB. Strengths without a unit go from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from fomm_train.synthetic.heads.colour import Colour


@dataclass(frozen=True)
class Skin:
    """Skin of the head.

    Attributes:
        colour: without any of the following.
        red: of cheeks, nose and ears.
        mottle: unevenness of the colour.
        freckles, moles, wrinkles, pores, bags: strength of each.
        gloss: of the whole skin.
        roughness: fine relief.
    """

    colour: Colour
    red: float
    mottle: float
    freckles: float
    moles: float
    wrinkles: float
    pores: float
    bags: float
    gloss: float
    roughness: float


@dataclass(frozen=True)
class Mouth:
    """Lips and what is between them.

    Attributes:
        lips, teeth, gums: their colours.
        lip_gloss: strength.
    """

    lips: Colour
    lip_gloss: float
    teeth: Colour
    gums: Colour


@dataclass(frozen=True)
class Brows:
    """Eyebrows.

    Attributes:
        colour: of the hairs.
        thickness: half of it, a length.
        density: strength.
        height: length above the usual place.
        arch: how strongly they curve; 0 for the flattest.
    """

    colour: Colour
    thickness: float
    density: float
    height: float
    arch: float


@dataclass(frozen=True)
class Beard:
    """Beard: strength of each part; ``full`` is the one of cheeks and chin."""

    stubble: float = 0.0
    moustache: float = 0.0
    full: float = 0.0
    goatee: float = 0.0


@dataclass(frozen=True)
class MakeUp:
    """Make-up: colour and strength of eye shadow, strength of liner and blush."""

    shadow_colour: Colour
    shadow: float
    liner: float
    blush: float


@dataclass(frozen=True)
class Eyes:
    """Eyeballs.

    Attributes:
        iris, sclera: their colours.
        iris_radius: angle in radians, seen from the middle of the eyeball.
        pupil: radius relative to the iris.
        veins: strength.
    """

    iris: Colour
    iris_radius: float
    pupil: float
    sclera: Colour
    veins: float


@dataclass(frozen=True)
class Hair:
    """Hair on the head.

    Attributes:
        style: see :data:`HAIR_STYLES`.
        mesh: name of the mesh of the style ``mesh``.
        colour, second: of strands, mixed.
        shine: strength of highlights.
        hairline: (height, recession at the temples, asymmetry).
    """

    style: str
    mesh: str
    colour: Colour
    second: Colour
    shine: float
    hairline: tuple[float, float, float]


@dataclass(frozen=True)
class Hat:
    """Headwear.

    Attributes:
        style: one of :data:`HATS`.
        colour, second: of the cloth, and of its pattern.
        pattern: the shader's: 0 none, 1 rings, 2 spots, 3 knit.
    """

    style: str
    colour: Colour
    second: Colour
    pattern: int


@dataclass(frozen=True)
class Glasses:
    """Glasses.

    Attributes:
        style: one of :data:`GLASSES`.
        colour: of the frame.
        width, height: of a lens, relative to the usual.
        squareness: exponent of the lens's outline, a superellipse; 2 is round.
    """

    style: str
    colour: Colour
    width: float
    height: float
    squareness: float


@dataclass(frozen=True)
class Earrings:
    """Earrings.

    Attributes:
        size: radius, a length.
        colour: of the metal or stone.
    """

    size: float
    colour: Colour


@dataclass(frozen=True)
class Clothes:
    """Clothes: see :data:`CLOTHES`.

    Attributes:
        colour, second, third: of the cloth, of its pattern or the shirt, of the tie.
        pattern: 0 none, 1 stripes, 2 checks, 3 spots, 4 pinstripes.
        scale: of the pattern.
        tie: whether a suit has one.
    """

    style: str
    colour: Colour
    second: Colour
    third: Colour
    pattern: int
    scale: float
    tie: bool


@dataclass(frozen=True)
class Camera:
    """Camera.

    Attributes:
        distance: to the head, a length.
        zoom: 1 shows 34 units of length in a frame, 2 half of them.
        height: of the frame's middle, a length.
    """

    distance: float
    zoom: float
    height: float


@dataclass(frozen=True)
class Lamp:
    """A far light.

    Attributes:
        direction: unit vector to it (x right, y up, z to the camera).
        colour: of the light, of any strength.
    """

    direction: tuple[float, float, float]
    colour: Colour


@dataclass(frozen=True)
class Light:
    """Light on a person.

    Attributes:
        lamps: one to three, the first of which throws shadows.
        ambient: light from everywhere, and its change along x, y and z.
        softness: width of the edges of shadows.
        shadow: strength of shadows.
    """

    lamps: tuple[Lamp, ...]
    ambient: tuple[Colour, Colour, Colour, Colour]
    softness: float
    shadow: float


@dataclass(frozen=True)
class Photography:
    """Changes that camera and file make to a picture.

    Attributes:
        gamma, contrast, saturation: 1 leaves the picture as it is; saturation 0 is grey.
        cast: factor of each channel.
        brightness: relative exposure.
        blur: sigma in pixels.
        grain: sigma of the noise in levels of 255.
        grain_size: sigma in pixels of its blur.
        jpeg: quality, 0 for none.
        vignette: darkening of the corners.
        resolution: the picture is as sharp as one of so many times the size.
    """

    gamma: float
    contrast: float
    cast: Colour
    brightness: float
    saturation: float
    blur: float
    grain: float
    grain_size: float
    jpeg: int
    vignette: float
    resolution: float


@dataclass(frozen=True)
class Identity:
    """A person without its motion; hat, glasses and earrings may be missing.

    Attributes:
        seed: of what is made by chance from the records: strands, textures, background.
        shape: coefficients of the model's identity modes, each of variance 1.
        broad: whether the shoulders are broad.
    """

    seed: int
    shape: tuple[float, ...]
    broad: bool
    skin: Skin
    mouth: Mouth
    brows: Brows
    beard: Beard
    make_up: MakeUp
    eyes: Eyes
    hair: Hair
    clothes: Clothes
    camera: Camera
    light: Light
    photography: Photography
    hat: Hat | None = None
    glasses: Glasses | None = None
    earrings: Earrings | None = None


HAIR_STYLES = (
    "bald", "buzz", "short", "side", "back", "spiky", "medium", "afro", "mesh", "curly", "fringe",
    "long", "longside", "bob", "fringebob", "tied", "pony", "curlylong", "wavy", "bun",
)  # fmt: skip
HATS = ("beanie", "cap", "fedora", "hijab", "band")
GLASSES = ("full", "thin", "half", "sun")
CLOTHES = ("crew", "vneck", "shirt", "suit", "turtle", "scoop", "hoodie")
