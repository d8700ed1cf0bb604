"""Hair as thousands of ribbons, grown step by step on the head of an identity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.combs import Tips, direction, has_bangs, tie_point
from fomm_train.synthetic.heads.hair_styles import LONG_STYLES, HairStyle
from fomm_train.synthetic.heads.mesh import Mesh
from fomm_train.synthetic.heads.model import Skull
from fomm_train.synthetic.heads.ribbons import Strands, ribbons
from fomm_train.synthetic.heads.rigid import Array, neck_weight, normalized, smoothstep
from fomm_train.synthetic.heads.scalp import Roots

_MIDDLE: Array = np.array([0.0, 5.0, 1.0])  # of the head: away from it is outward
_REACH = 6.0


@dataclass(frozen=True, eq=False)
class _Chance:
    """The random numbers of N strands: phases (N,), jitter (N, 3) of directions, clumps (N,)."""

    phase: Array
    jitter: Array
    clump: Array


@dataclass(frozen=True, eq=False)
class _Surface:
    """The head near N tips: its normals (N, 3), and the heights (N,) of the tips over it."""

    normal: Array
    height: Array


def grow_hair(roots: Roots, style: HairStyle, skull: Skull, draw: Draw) -> Mesh:
    """Grow hair from its roots and make ribbons of it."""
    points = _Growth(_with_bangs(roots, style, draw), style, skull, draw).points()
    u = np.linspace(0, 1, style.steps + 1)
    count = len(points)
    taper = (1 - 0.75 * u**3) * (0.5 + 0.5 * np.minimum(u * 4 + 0.3, 1))
    width = style.width * draw.stream.uniform(0.5, 1.3, count)[:, None] * taper
    _, normal, _ = skull.height(points.reshape(-1, 3))
    outward = normal.reshape(points.shape) * 0.7 + 0.3 * normalized(points - _MIDDLE)
    twist = draw.stream.normal(size=(count, 1, 1)) * 0.35
    strands = Strands(points, normalized(outward), width, u, draw.stream.random(count), twist)
    return ribbons(strands, hanging_weight)


def hanging_weight(points: Array) -> Array:
    """Share to which hair at points (N, 3) follows the head: all of it down to the chin."""
    weight = np.maximum(neck_weight(points), 0.35)
    return np.where(points[:, 1] > -5, np.maximum(weight, 0.95), weight)


def _with_bangs(roots: Roots, style: HairStyle, draw: Draw) -> Roots:
    if style.comb != "bangs":
        return roots
    lengths = draw.stream.uniform(4.5, 6.2, len(roots.lengths)) * style.bangs
    return replace(roots, lengths=np.where(has_bangs(roots.template), lengths, roots.lengths))


class _Growth:
    """Strands that grow; each step goes where comb, curl and gravity say, outside of the head."""

    def __init__(self, roots: Roots, style: HairStyle, skull: Skull, draw: Draw) -> None:
        self._roots, self._style, self._skull = roots, style, skull
        x, y, z = roots.template.T
        count = len(x)
        self._chance = _Chance(
            phase=draw.stream.uniform(0, 6.28, count),
            clump=np.sin(x * 1.7 + z * 1.3 + y) * 1.5,
            jitter=draw.stream.normal(size=(count, 3)) * 0.12,
        )
        self._across = x - style.parting * smoothstep(-6, 3, z)
        self._lies = style.name in LONG_STYLES

    def points(self) -> Array:
        """All strands, (N, steps + 1, 3)."""
        roots, style = self._roots, self._style
        points = [roots.points + roots.normals * 0.02]
        tip, surface = roots.points, _Surface(roots.normals, np.full(len(roots.points), np.inf))
        heading = normalized(roots.normals * style.lift + self._combed(tip, 0.0, surface))
        for step in range(style.steps):
            share = step / style.steps
            heading = self._turn(heading, self._combed(tip, share, surface), share)
            tip = tip + heading * (roots.lengths / style.steps)[:, None]
            height, normal, distance = self._skull.height(tip)
            surface = _Surface(normal, height)
            tip = self._pushed_out(tip, surface, distance, share)
            if self._lies and style.name != "curlylong":
                tip, heading = self._pulled_in(tip, heading, points[-1], surface, share)
            if style.comb == "tie":
                arrived = np.linalg.norm(tip - tie_point(style), axis=1) < 0.8
                tip = np.where(arrived[:, None], points[-1], tip)
            points.append(tip)
        return np.stack(points, axis=1)

    def _combed(self, tip: Array, share: float, surface: _Surface) -> Array:
        """Combed direction; hair that lies on the head follows its surface."""
        tips = Tips(self._roots.template, tip, self._across, share)
        combed = normalized(direction(self._style, tips) + self._chance.jitter)
        if not self._lies:
            return combed
        normal = surface.normal
        flat = normalized(combed - normal * (combed * normal).sum(axis=1, keepdims=True) + 1e-6)
        near = (surface.height < 2.2) & (tip[:, 1] > 3)
        return np.where(near[:, None], flat, combed)

    def _turn(self, heading: Array, combed: Array, share: float) -> Array:
        style, phase = self._style, self._chance.phase
        new = style.stiffness * heading + (1 - style.stiffness) * combed * 1.3
        new = new + np.array([0, -style.gravity, 0]) * (0.4 + share)
        if style.wave:
            course = (
                phase * 0.15 + self._chance.clump + share * 9 + self._roots.template[:, 0] * 0.3
            )
            new = new + style.wave * np.sin(course)[:, None] * np.array([0.36, 0.045, 0.36])
        if style.curl:
            angles = phase + share * 11, phase * 1.7 + share * 9, phase * 2.3 + share * 10
            turns = np.sin(angles[0]), np.cos(angles[1]), np.sin(angles[2])
            new = new + 0.6 * style.curl * np.stack(turns, axis=-1)
        return normalized(new)

    def _distance(self, share: float) -> Array:
        """Distance (N,) from the head that strands are to keep."""
        style = self._style
        off = style.offset * (0.5 + 1.3 * share)
        off = off + 1.4 * np.abs(self._chance.jitter[:, 0]) * style.lift
        if self._lies:
            arch = np.sin(np.pi * min(share * 1.1, 1.0))
            off = off + style.volume * arch * (self._roots.template[:, 1] > 4)
        distance: Array = off
        return distance

    def _pushed_out(self, tip: Array, surface: _Surface, distance: Array, share: float) -> Array:
        push = np.maximum(self._distance(share) - surface.height, 0) * (distance < _REACH)
        pushed: Array = tip + surface.normal * push[:, None]
        return pushed

    def _pulled_in(
        self, tip: Array, heading: Array, before: Array, surface: _Surface, share: float
    ) -> tuple[Array, Array]:
        """Tips and headings of hair that is to lie on the head."""
        near = (tip[:, 1] > 4.5) & (surface.height < _REACH)
        excess = surface.height - self._distance(share) - 0.35
        pull = np.maximum(excess, 0) * near * 0.75
        tip = tip - surface.normal * pull[:, None]
        heading = np.where((pull > 0.05)[:, None], normalized(tip - before), heading)
        return tip, heading
