"""Who answers to the benchmark: a model, and two trivial answers to compare it with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fomm_core.animator import Animator
from fomm_core.image import ByteArray
from fomm_core.loading import Model
from fomm_core.motion.transfer import MotionMode


class Method(Protocol):
    """Makes frames of a source from driving frames.

    Attributes:
        name: in reports.
    """

    @property
    def name(self) -> str: ...

    def answer(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """The answers to driving frames; the first of these has the source's pose.

        Args:
            source, driving: (H, W, 3) uint8.
        """


@dataclass(frozen=True)
class ModelMethod:
    """A model animates the source."""

    model: Model
    motion: MotionMode

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    def answer(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Animate."""
        animator = Animator(self.model, source, motion=self.motion)
        return (frame.prediction for frame in animator.run(driving))


@dataclass(frozen=True)
class CopySource:
    """The source, whatever the driving frame shows: the right identity, no motion."""

    name: str = "copy source"

    def answer(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Repeat the source."""
        return (source for _ in driving)


@dataclass(frozen=True)
class CopyDriving:
    """The driving frames as they are: the right motion, another identity."""

    name: str = "copy driving"

    def answer(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Repeat the driving frames."""
        return iter(driving)
