"""Identities and motions of one part of a synthetic data set."""

from __future__ import annotations

from functools import lru_cache
from typing import Generic

from fomm_train.config import SyntheticParams
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.world import Identity, Motion, Pose, World

_KEPT = 8192  # a motion of 64 frames of avatars has 6 kB, one of rendered people 35 kB


class People(Generic[Identity, Pose]):
    """The identities of one part, in groups that share their motions.

    Identity ``i`` is of group ``i // params.group``; all of a group perform the same motions,
    so that the true answer to "this one, moved like that one" can be seen.

    Args:
        world: what kind of people they are.
        params: numbers and seed of the set.
        split: its part.
    """

    def __init__(self, world: World[Identity, Pose], params: SyntheticParams, split: Split) -> None:
        self.world = world
        self.params = params
        self.split = split
        self._draw_identity = lru_cache(_KEPT)(world.draw_identity)
        self._draw_motion = lru_cache(_KEPT)(world.draw_motion)

    def __reduce__(self) -> tuple[type[People[Identity, Pose]], tuple[object, ...]]:
        """Leave out what is kept: it is not sent to other processes."""
        return People, (self.world, self.params, self.split)

    def identity(self, number: int) -> Identity:
        """Identity ``number``."""
        return self._draw_identity(self.params.seed, self.split, number)

    def motion(self, number: int, motion: int) -> Motion[Pose]:
        """Motion ``motion`` of identity ``number``, the same for all of its group."""
        params = self.params
        index = number // params.group * params.motions + motion
        return self._draw_motion(params.seed, self.split, index, params.frames)

    def companions(self, number: int) -> list[int]:
        """The other identities of the same group."""
        first = number // self.params.group * self.params.group
        last = min(first + self.params.group, self.params.identities)
        return [other for other in range(first, last) if other != number]
