"""Methods that the benchmark measures: a model, and two baselines to compare it with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fomm_core.animator import Animator
from fomm_core.image import ByteArray, fit
from fomm_core.loading import Model
from fomm_core.motion.transfer import MotionMode


class Method(Protocol):
    """Makes frames of a source from driving frames.

    Attributes:
        name: in reports.
    """

    @property
    def name(self) -> str: ...

    def animate(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Animate the source with driving frames, the first of which has its pose.

        Args:
            source, driving: (H, W, 3) uint8, as are the frames that it yields.
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

    def animate(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Animate with the model in its own size."""
        animator = Animator(self.model, source, motion=self.motion, fit="stretch")
        height, width, _ = source.shape
        return (
            fit(frame.prediction, (height, width), "stretch") for frame in animator.run(driving)
        )


@dataclass(frozen=True)
class CopySource:
    """The source, whatever the driving frame shows: the right identity, no motion."""

    name: str = "copy source"

    def animate(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Repeat the source."""
        return (source for _ in driving)


@dataclass(frozen=True)
class CopyDriving:
    """The driving frames as they are: the right motion, another identity."""

    name: str = "copy driving"

    def animate(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        """Repeat the driving frames."""
        return iter(driving)
