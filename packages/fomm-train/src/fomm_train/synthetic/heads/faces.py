"""Expressions of a face, drawn at random: gaze, lids, brows, mouth."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.pose import EXPRESSIONS

Weights: TypeAlias = dict[str, float]
"""Strengths of some expressions, by the names of :data:`EXPRESSIONS`."""

_SIDES = ("L", "R")
_VISEMES = ("a", "e", "o", "u", "f", "m", "s")


def draw_gaze(draw: Draw) -> npt.NDArray[np.float64]:
    """Turn of the eyeballs to the right and up, in radians."""
    normal = draw.stream.normal(size=2) * (9.0, 5.0) - (0.0, 1.0)
    return np.radians(np.clip(normal, (-26.0, -16.0), (26.0, 16.0)))


def looking(gaze: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The weights with which lids follow the eyeballs.

    Args:
        gaze: (T, 2) in radians, right and up.

    Returns:
        (T, 53) in the order of :data:`EXPRESSIONS`.
    """
    right, up = np.degrees(gaze).T
    follow = {
        ("eyeLookOut_L", "eyeLookIn_R"): right / 30.0,
        ("eyeLookIn_L", "eyeLookOut_R"): -right / 30.0,
        ("eyeLookUp_L", "eyeLookUp_R"): up / 25.0,
        ("eyeLookDown_L", "eyeLookDown_R"): -up / 25.0,
    }
    weights = np.zeros((len(gaze), len(EXPRESSIONS)))
    for names, value in follow.items():
        for name in names:
            weights[:, EXPRESSIONS.index(name)] = np.maximum(value, 0.0)
    return weights


def draw_lids(draw: Draw) -> Weights:
    """Lids that are held: half closed, closed, winking, wide open, or as they are."""
    weights: Weights = {}
    share = draw.uniform(0.0, 1.0)
    if share < 0.06:
        weights |= _both(draw, "eyeBlink", draw.uniform(0.8, 1.0), 0.02)
    elif share < 0.18:
        weights |= _both(draw, "eyeBlink", draw.uniform(0.15, 0.6), 0.03)
    elif share < 0.2:
        weights[f"eyeBlink_{draw.choice(_SIDES)}"] = draw.uniform(0.6, 1.0)
    elif share < 0.34:
        weights |= _both(draw, "eyeWide", draw.uniform(0.2, 0.9), 0.05)
    if draw.chance(0.3):
        weights |= _both(draw, "eyeSquint", draw.uniform(0.1, 0.8))
    return weights


def draw_brows(draw: Draw) -> Weights:
    """Brows that are raised, lowered, one of them raised, or as they are."""
    share = draw.uniform(0.0, 1.0)
    if share < 0.2:
        inner = _both(draw, "browInnerUp", draw.uniform(0.2, 0.9))
        return inner | _both(draw, "browOuterUp", draw.uniform(0.1, 0.9))
    if share < 0.38:
        return _both(draw, "browDown", draw.uniform(0.2, 1.0))
    if share < 0.45:
        return {f"browOuterUp_{draw.choice(_SIDES)}": draw.uniform(0.3, 1.0)}
    if share < 0.5:
        return _both(draw, "browInnerUp", draw.uniform(0.3, 1.0))
    return {}


def draw_mouth(draw: Draw) -> Weights:
    """A mouth that rests, smiles, speaks or grimaces, with cheeks, nose and jaw."""
    share = draw.uniform(0.0, 1.0)
    weights: Weights = {}
    if 0.18 <= share < 0.42:
        weights = _smile(draw)
    elif 0.42 <= share < 0.82:
        weights = _speech(draw)
    elif share >= 0.82:
        weights = _grimace(draw, share)
    if draw.chance(0.1):
        weights[draw.choice(("jawLeft", "jawRight"))] = draw.uniform(0.1, 0.6)
    if draw.chance(0.06):
        weights["jawForward"] = draw.uniform(0.2, 0.7)
    if draw.chance(0.15):
        weights = _sum(weights, _both(draw, "noseSneer", draw.uniform(0.05, 0.4)))
    if draw.chance(0.15):
        weights["mouthShrugUpper"] = draw.uniform(0.05, 0.4)
    return weights


def _smile(draw: Draw) -> Weights:
    """A smile with the lips together or apart."""
    strength = draw.uniform(0.2, 1.0)
    weights = _both(draw, "mouthSmile", strength)
    weights |= _both(draw, "cheekSquint", strength * draw.uniform(0.2, 0.9))
    if draw.chance(0.55):
        weights |= _both(draw, "mouthUpperUp", strength * draw.uniform(0.1, 0.6))
        weights |= _both(draw, "mouthLowerDown", strength * draw.uniform(0, 0.5))
        weights["jawOpen"] = draw.uniform(0, 0.3)
    if draw.chance(0.3):
        weights |= _both(draw, "mouthDimple", draw.uniform(0.1, 0.6))
    if draw.chance(0.2):
        weights |= _both(draw, "mouthStretch", draw.uniform(0.1, 0.5))
    return weights


def _speech(draw: Draw) -> Weights:
    """The mouth of one sound."""
    jaw = float(draw.stream.beta(1.3, 2.2)) * 0.85
    weights = _viseme(draw, draw.choice(_VISEMES), jaw)
    if draw.chance(0.25):
        weights = _sum(weights, _both(draw, "mouthSmile", draw.uniform(0.1, 0.5)))
    return weights


def _viseme(draw: Draw, sound: str, jaw: float) -> Weights:
    if sound == "o":
        return {"mouthFunnel": draw.uniform(0.3, 0.9), "jawOpen": max(jaw, 0.15)}
    if sound == "u":
        return {"mouthPucker": draw.uniform(0.3, 0.95), "jawOpen": 0.4 * jaw}
    if sound == "f":
        lifted = _both(draw, "mouthUpperUp", draw.uniform(0.2, 0.5))
        return lifted | {"mouthRollLower": draw.uniform(0.3, 0.8), "jawOpen": 0.4 * jaw}
    if sound == "m":
        jaw = draw.uniform(0.05, 0.2)
        pressed = _both(draw, "mouthPress", draw.uniform(0.2, 0.7))
        return pressed | {"jawOpen": jaw, "mouthClose": 0.95 * jaw}
    if sound == "e":
        wide = _both(draw, "mouthStretch", draw.uniform(0.1, 0.6))
        wide |= _both(draw, "mouthSmile", draw.uniform(0, 0.4))
        return wide | _parted(draw, (0.1, 0.4), (0.2, 0.6)) | {"jawOpen": jaw}
    if sound == "s":
        return _parted(draw, (0.2, 0.5), (0.3, 0.7)) | {"jawOpen": 0.35 * jaw}
    return _parted(draw, (0, 0.3), (0, 0.4)) | {"jawOpen": jaw}


def _parted(draw: Draw, upper: tuple[float, float], lower: tuple[float, float]) -> Weights:
    """Lips drawn apart."""
    raised = _both(draw, "mouthUpperUp", draw.uniform(*upper))
    return raised | _both(draw, "mouthLowerDown", draw.uniform(*lower))


def _grimace(draw: Draw, share: float) -> Weights:
    """One of the rarer movements; ``share`` from .82 to 1 says which."""
    if share < 0.90:
        frown = _both(draw, "mouthFrown", draw.uniform(0.3, 1.0))
        return frown | {"mouthShrugLower": draw.uniform(0, 0.8)}
    if share < 0.93:
        puffed = _both(draw, "cheekPuff", draw.uniform(0.4, 1.0), 0.05)
        return puffed | _both(draw, "mouthPress", 0.3)
    if share < 0.95:
        sneer = _both(draw, "noseSneer", draw.uniform(0.4, 1.0))
        sneer |= _both(draw, "mouthUpperUp", draw.uniform(0.2, 0.7))
        return sneer | {"jawOpen": draw.uniform(0, 0.3)}
    if share < 0.97:
        return {draw.choice(("mouthLeft", "mouthRight")): draw.uniform(0.3, 0.9)}
    return {"mouthRollLower": draw.uniform(0.3, 0.9), "mouthRollUpper": draw.uniform(0.3, 0.9)}


def _both(draw: Draw, name: str, strength: float, asymmetry: float = 0.12) -> Weights:
    """The same expression of both sides, not quite alike."""
    factors = 1.0 + asymmetry * draw.stream.normal(size=2)
    return {
        f"{name}_{side}": max(0.0, strength * float(factor))
        for side, factor in zip(_SIDES, factors, strict=True)
    }


def _sum(first: Weights, second: Weights) -> Weights:
    return {name: first.get(name, 0.0) + second.get(name, 0.0) for name in first | second}
