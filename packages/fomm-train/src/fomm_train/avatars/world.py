"""Who moves how: the identities and motions of one part of the data set."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from fomm_core.config import AvatarParams
from fomm_train.avatars.casting import draw_identity
from fomm_train.avatars.draws import Split
from fomm_train.avatars.identity import Identity
from fomm_train.avatars.motion import Motion, draw_motion

V = TypeVar("V")

_KEPT = 256


class World:
    """The identities of one part, in groups that share their motions.

    Identity ``i`` is of group ``i // params.group``; all of a group perform the same motions,
    so that the true answer to "this one, moved like that one" can be seen.

    Args:
        params: numbers and seed of the set.
        split: its part.
    """

    def __init__(self, params: AvatarParams, split: Split) -> None:
        self.params = params
        self.split = split
        self._identities: OrderedDict[int, Identity] = OrderedDict()
        self._motions: OrderedDict[int, Motion] = OrderedDict()

    def identity(self, number: int) -> Identity:
        """Identity ``number``."""
        params = self.params
        return _kept(
            self._identities, number, lambda: draw_identity(params.seed, self.split, number)
        )

    def motion(self, number: int, motion: int) -> Motion:
        """Motion ``motion`` of identity ``number``, the same for all of its group."""
        params = self.params
        index = number // params.group * params.motions + motion
        return _kept(
            self._motions,
            index,
            lambda: draw_motion(params.seed, self.split, index, params.frames),
        )

    def companions(self, number: int) -> list[int]:
        """The other identities of the same group."""
        first = number // self.params.group * self.params.group
        last = min(first + self.params.group, self.params.identities)
        return [other for other in range(first, last) if other != number]


def _kept(store: OrderedDict[int, V], key: int, make: Callable[[], V]) -> V:
    """Look up a value, or make it; the least recently used ones are forgotten."""
    value = store.pop(key) if key in store else make()
    store[key] = value
    if len(store) > _KEPT:
        store.popitem(last=False)
    return value
