"""Styles of hair: how strands grow, are combed, and hang."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.identity import Hat

LONG_STYLES = ("long", "wavy", "longside", "bob", "fringebob", "curlylong")
"""Styles that lie on the head and hang down from it."""

SHORT_STYLES = ("short", "side", "back", "spiky", "fringe", "curly", "buzz", "medium")
"""Styles that get shorter towards the neck."""

_CLOSE_HATS = ("beanie", "cap", "fedora", "hijab")


@dataclass(frozen=True)
class HairStyle:
    """Growth of hair.

    Attributes:
        name: of the style.
        count: number of strands.
        length: two lengths, between which strands are drawn.
        steps: segments of a strand.
        gravity: pull down with each step.
        lift: how far strands stand off at the root.
        comb: see :mod:`~fomm_train.synthetic.heads.combs`.
        wave, curl: strength of either.
        width: of a strand's ribbon.
        stiffness: how much a step keeps the direction of the one before.
        offset: distance from the head.
        parting: where the hair is parted, to the person's left.
        side: to which side ``"side"`` is combed.
        volume: how far long hair stands off in its middle.
        fade: length of hair low on the head, relative to that on top.
        tie: height at which tied hair is tied.
        bangs: length of bangs relative to the usual.
    """

    name: str
    count: int = 2200
    length: tuple[float, float] = (2.2, 3.2)
    steps: int = 7
    gravity: float = 0.12
    lift: float = 0.5
    comb: str = "forward"
    wave: float = 0.0
    curl: float = 0.0
    width: float = 0.42
    stiffness: float = 0.75
    offset: float = 0.25
    parting: float = 0.0
    side: int = 1
    volume: float = 0.5
    fade: float = 0.8
    tie: float = 6.0
    bangs: float = 1.0


def draw_style(draw: Draw, name: str, hat: Hat | None) -> HairStyle:
    """A style of hair as somebody wears it."""
    parting = draw.uniform(-3.2, 3.2) if draw.chance(0.75) else 0.0
    style = replace(_STYLES[name](draw), parting=parting)
    if name in ("side", "longside"):
        low, high = (2.0, 4.2) if name == "side" else (2.5, 5.0)
        style = replace(style, parting=draw.choice((-1, 1)) * draw.uniform(low, high))
    if name in LONG_STYLES:
        style = replace(style, stiffness=0.55 if name == "curlylong" else 0.42)
    if hat is not None and hat.style in _CLOSE_HATS:
        style = _under_hat(style)
    return replace(
        style,
        fade=0.8 if name == "medium" else draw.uniform(0.12, 0.5),
        side=draw.choice((-1, 1)),
        volume=draw.uniform(0.1, 1.1),
        tie=draw.uniform(8, 13) if name == "bun" else draw.uniform(3, 9),
        bangs=draw.uniform(0.85, 1.1),
    )


def _under_hat(style: HairStyle) -> HairStyle:
    low, high = style.length
    if style.name in ("curly", "afro", "spiky"):
        low, high = min(low, 6.0), min(high, 6.0)
    return replace(style, lift=min(style.lift, 0.15), length=(low, high))


def _short(draw: Draw) -> HairStyle:
    length = draw.uniform(1.2, 2.4), draw.uniform(2.2, 3.6)
    comb = draw.choice(("forward", "side", "back"))
    return HairStyle("short", length=length, comb=comb, lift=draw.uniform(0.25, 0.8))


def _side(draw: Draw) -> HairStyle:
    length = 2.6, draw.uniform(4, 5.5)
    return HairStyle("side", 2400, length, comb="apart", lift=draw.uniform(0.2, 0.6))


def _back(draw: Draw) -> HairStyle:
    length = 3.0, draw.uniform(4, 6.5)
    return HairStyle("back", 2400, length, comb="back", lift=draw.uniform(0.1, 0.6), gravity=0.05)


def _spiky(draw: Draw) -> HairStyle:
    length = 1.6, draw.uniform(2.2, 3.6)
    return HairStyle("spiky", 2000, length, comb="up", lift=1.2, gravity=0.0, width=0.34)


def _medium(draw: Draw) -> HairStyle:
    length, comb = (4.0, draw.uniform(6, 9)), draw.choice(("apart", "forward"))
    return HairStyle("medium", length=length, comb=comb, gravity=0.3, steps=8)


def _fringe(draw: Draw) -> HairStyle:
    return HairStyle("fringe", 2500, (3.0, draw.uniform(4.0, 5.5)), lift=0.35, gravity=0.35)


def _curly(draw: Draw) -> HairStyle:
    length = 2.5, draw.uniform(3, 5)
    return HairStyle("curly", 2300, length, 9, 0.05, 0.9, "up", curl=1.1, width=0.34)


def _afro(draw: Draw) -> HairStyle:
    length = 2.0, draw.uniform(2.6, 5.5)
    return HairStyle("afro", 2600, length, 7, 0.0, 2.0, "up", curl=0.9, width=0.55)


def _long(draw: Draw) -> HairStyle:
    length = draw.uniform(15, 26)
    wave = draw.uniform(0.0, 0.35)
    return HairStyle("long", 2300, (0.85 * length, length), 12, 0.42, 0.35, "down", wave, width=0.5)


def _wavy(draw: Draw) -> HairStyle:
    return replace(_long(draw), name="wavy", wave=draw.uniform(0.5, 1.1))


def _longside(draw: Draw) -> HairStyle:
    length, wave = draw.uniform(13, 24), draw.uniform(0, 0.6)
    return HairStyle(
        "longside", 2300, (0.8 * length, length), 12, 0.4, 0.45, "down", wave, width=0.5
    )


def _curlylong(draw: Draw) -> HairStyle:
    length = draw.uniform(11, 18)
    return HairStyle(
        "curlylong", 2200, (0.7 * length, length), 12, 0.25, 0.8, "down", 0.8, 0.9, 0.45
    )


def _bob(draw: Draw) -> HairStyle:
    length, wave = draw.uniform(8, 12), draw.uniform(0, 0.35)
    return HairStyle("bob", 2400, (0.85 * length, length), 10, 0.42, 0.4, "down", wave, width=0.5)


def _fringebob(draw: Draw) -> HairStyle:
    length = draw.uniform(8, 20)
    return HairStyle("fringebob", 2500, (0.85 * length, length), 10, 0.45, 0.4, "bangs", width=0.5)


def _tied(name: str) -> Callable[[Draw], HairStyle]:
    style = HairStyle(name, 2200, (4.0, 8.0), 8, 0.0, 0.1, "tie", width=0.5)
    return lambda draw: style


def _buzz(draw: Draw) -> HairStyle:
    return HairStyle("buzz", 2600, (0.35, 0.6), 2, 0.0, 1.0, "up", width=0.3)


_STYLES: dict[str, Callable[[Draw], HairStyle]] = {
    "short": _short, "side": _side, "back": _back, "spiky": _spiky, "medium": _medium,
    "fringe": _fringe, "curly": _curly, "afro": _afro, "long": _long, "wavy": _wavy,
    "longside": _longside, "curlylong": _curlylong, "bob": _bob, "fringebob": _fringebob,
    "tied": _tied("tied"), "pony": _tied("pony"), "bun": _tied("bun"), "buzz": _buzz,
}  # fmt: skip
