"""An identity as geometry: its head, and what it wears, with what that is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.background import paint_background
from fomm_train.synthetic.heads.clothes import make_clothes
from fomm_train.synthetic.heads.colour import Colour
from fomm_train.synthetic.heads.combs import tie_point
from fomm_train.synthetic.heads.glasses import make_earrings, make_glasses
from fomm_train.synthetic.heads.hair import grow_hair
from fomm_train.synthetic.heads.hair_styles import draw_style
from fomm_train.synthetic.heads.hats import make_hat
from fomm_train.synthetic.heads.identity import CLOTHES, Hat, Identity
from fomm_train.synthetic.heads.labels import Label
from fomm_train.synthetic.heads.mesh import Mesh
from fomm_train.synthetic.heads.mesh_hair import fit_hair, fit_hat
from fomm_train.synthetic.heads.model import HeadModel, Skull
from fomm_train.synthetic.heads.posing import NeutralHead, neutral_head
from fomm_train.synthetic.heads.scalp import plant
from fomm_train.synthetic.heads.updo import grow_bun, grow_tail

_BLACK: Colour = (0.0, 0.0, 0.0)
_HAT_EDGE = 7.2
_COVERING_HATS = ("beanie", "cap", "fedora")


class Kind(IntEnum):
    """Kinds of cloth, as the shader counts them; clothes have their place in ``CLOTHES``."""

    HAT = 7
    METAL = 8
    LENS = 9
    SUNGLASS = 10


@dataclass(frozen=True)
class HairMaterial:
    """Hair in the identity's colours, on ribbons or on a mesh."""

    is_mesh: bool


@dataclass(frozen=True)
class ClothMaterial:
    """Cloth, metal or glass; see :class:`~fomm_train.synthetic.heads.identity.Clothes`."""

    kind: int
    first_colour: Colour
    second_colour: Colour = _BLACK
    third_colour: Colour = _BLACK
    pattern: int = 0
    pattern_scale: float = 1.0
    neckline_shift: float = 0.0
    has_tie: bool = False
    is_hijab: bool = False

    @property
    def is_glass(self) -> bool:
        """Whether one sees through it."""
        return self.kind >= Kind.LENS


@dataclass(frozen=True, eq=False)
class Item:
    """Something on a head or on shoulders; ``label`` is ``None`` where it hides nothing."""

    mesh: Mesh
    material: HairMaterial | ClothMaterial
    label: Label | None


@dataclass(frozen=True, eq=False)
class Figure:
    """A person and a background.

    Attributes:
        identity: whose.
        head: without expression.
        items: hair, hat, clothes, jewellery, glasses.
        backdrop: (S, S, 3) float32 in [0, 1].
        brightness: of the picture relative to what suits the skin.
    """

    identity: Identity
    head: NeutralHead
    items: tuple[Item, ...]
    backdrop: FloatArray
    brightness: float


def make_figure(model: HeadModel, identity: Identity, size: int) -> Figure:
    """Make the geometry of an identity.

    Args:
        model: of the head.
        identity: whose.
        size: of the background in pixels.
    """
    draw = Draw(make_rng(identity.seed, "head figure"))
    head = neutral_head(model, identity.shape)
    items = [
        *_hair(model, identity, head, draw),
        *_headwear(model, identity, head, draw),
        *_clothes(model, identity, head, draw),
        *_jewellery(model, identity, head, draw),
        *_glasses(model, identity, head),
    ]
    backdrop = paint_background(identity.seed, size)
    return Figure(identity, head, tuple(items), backdrop, draw.uniform(0.78, 1.15))


def _hair(model: HeadModel, identity: Identity, head: NeutralHead, draw: Draw) -> list[Item]:
    hair, hat = identity.hair, identity.hat
    if hair.style == "bald" or (hat is not None and hat.style == "hijab"):
        return []
    skull = model.skull(head.vertices, head.normals)
    if hair.style == "mesh":
        mesh = model.assets.hair_meshes.get(hair.mesh)
        if mesh is not None:
            fitted = fit_hair(mesh, model, head.vertices, skull)
            return [Item(fitted, HairMaterial(is_mesh=True), Label.HAIR)]
    meshes = _strands(model, identity, head, skull, draw)
    return [Item(mesh, HairMaterial(is_mesh=False), Label.HAIR) for mesh in meshes]


def _strands(
    model: HeadModel, identity: Identity, head: NeutralHead, skull: Skull, draw: Draw
) -> list[Mesh]:
    """Hair on the head, and what is tied of it."""
    name = "short" if identity.hair.style == "mesh" else identity.hair.style
    style = draw_style(draw, name, identity.hat)
    roots = plant(model, head.vertices, head.normals, style, identity.hair.hairline, draw)
    grown = grow_hair(roots, style, skull, draw)
    if identity.hat is not None and identity.hat.style in _COVERING_HATS:
        grown = _below_hat(grown)
    if name == "pony":
        return [grown, grow_tail(tie_point(style), draw)]
    if name == "bun":
        return [grown, grow_bun(tie_point(style), draw)]
    return [grown]


def _below_hat(hair: Mesh) -> Mesh:
    _, y, z = hair.positions.T
    seen = y <= _HAT_EDGE + 0.14 * (z < 0) * z
    triangles = hair.triangles[seen[hair.triangles].all(axis=1)]
    return Mesh(hair.positions, hair.normals, hair.tangents, hair.attributes, triangles)


def _headwear(model: HeadModel, identity: Identity, head: NeutralHead, draw: Draw) -> list[Item]:
    hat = identity.hat
    if hat is None:
        return []
    material = ClothMaterial(
        Kind.HAT, hat.colour, hat.second, pattern=hat.pattern, is_hijab=hat.style == "hijab"
    )
    meshes = _hat_meshes(model, hat, head, draw)
    return [Item(mesh, material, Label.HAIR) for mesh in meshes]


def _hat_meshes(model: HeadModel, hat: Hat, head: NeutralHead, draw: Draw) -> list[Mesh]:
    if hat.style == "fedora":
        if model.assets.hat_mesh is not None:
            return [fit_hat(model.assets.hat_mesh, model, head.vertices)]
        return make_hat("beanie", model, head.vertices, draw)
    return make_hat(hat.style, model, head.vertices, draw)


def _clothes(model: HeadModel, identity: Identity, head: NeutralHead, draw: Draw) -> list[Item]:
    clothes = identity.clothes
    meshes = make_clothes(identity, model, head.vertices, head.normals, draw)
    material = ClothMaterial(
        kind=CLOTHES.index(clothes.style),
        first_colour=clothes.colour,
        second_colour=clothes.second,
        third_colour=clothes.third,
        pattern=clothes.pattern,
        pattern_scale=clothes.scale,
        neckline_shift=draw.uniform(-0.4, 0.4),
        has_tie=clothes.tie,
    )
    return [Item(mesh, material, Label.CLOTHES) for mesh in meshes]


def _jewellery(model: HeadModel, identity: Identity, head: NeutralHead, draw: Draw) -> list[Item]:
    covered = identity.hat is not None and identity.hat.style == "hijab"
    if identity.earrings is None or covered:
        return []
    mesh = make_earrings(identity.earrings, model, head.vertices, draw)
    if mesh is None:
        return []
    return [Item(mesh, ClothMaterial(Kind.METAL, identity.earrings.colour), Label.SKIN)]


def _glasses(model: HeadModel, identity: Identity, head: NeutralHead) -> list[Item]:
    glasses = identity.glasses
    if glasses is None:
        return []
    spectacles = make_glasses(glasses, model, head.vertices)
    glass = Kind.SUNGLASS if glasses.style == "sun" else Kind.LENS
    return [
        Item(spectacles.frame, ClothMaterial(Kind.METAL, glasses.colour), Label.EYES),
        Item(spectacles.lenses, ClothMaterial(glass, glasses.colour), None),
    ]
