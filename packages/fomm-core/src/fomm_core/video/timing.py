"""Placing frames with time stamps on a constant frame rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Timed(Generic[T]):
    """A picture and the time for which it is shown.

    Attributes:
        start: seconds since the beginning of the video.
        duration: seconds; only the last picture's matters.
        picture: the picture, in any form.
    """

    start: Fraction
    duration: Fraction
    picture: T


@dataclass(frozen=True)
class Span:
    """A range of frame numbers, ``first`` included and ``stop`` not; open where ``None``."""

    first: int = 0
    stop: int | None = None

    @classmethod
    def of_seconds(cls, start: float | None, end: float | None, rate: Fraction) -> Span:
        """Return the frames shown from ``start`` to ``end`` seconds, at least one."""
        first = 0 if start is None else slot_at(exact(start), rate)
        stop = None if end is None else max(slot_at(exact(end), rate), first + 1)
        return cls(first, stop)

    def count_within(self, total: int | None) -> int | None:
        """Return how many frames of ``total`` lie in the range, ``None`` if unknown."""
        stop = self.stop if total is None else min(self.stop or total, total)
        return None if stop is None else max(0, stop - self.first)


def exact(seconds: float) -> Fraction:
    """Return a time as it was typed: 0.3 is 3/10, not the nearest binary fraction."""
    return Fraction(str(seconds))


def slot_at(time: Fraction, rate: Fraction) -> int:
    """Return the number of the frame nearest to a time, halves rounded up."""
    return floor(time * rate + Fraction(1, 2))


def resample(frames: Iterable[Timed[T]], rate: Fraction, span: Span) -> Iterator[T]:
    """Turn frames at any times into a constant rate by their presentation times.

    Each frame goes to the nearest multiple of 1/rate, so that time stamps rounded to
    milliseconds drop and repeat nothing. Where two meet the later one is shown, gaps show
    the frame before, and the time before the first frame shows the first. The length is
    kept.

    Args:
        frames: in order of ``start``.
        rate: frames per second to reach.
        span: the frame numbers wanted; no frame after them is asked for.

    Yields:
        One picture for each frame number of ``span`` until the frames end.
    """
    slot = 0
    held: Timed[T] | None = None
    for frame in frames:
        if held is not None:
            for _ in _slots(slot, slot_at(frame.start, rate), span):
                yield held.picture
            slot = max(slot, slot_at(frame.start, rate))
        if span.stop is not None and slot >= span.stop:
            return
        held = frame
    if held is not None:
        end = max(slot + 1, slot_at(held.start + held.duration, rate))
        for _ in _slots(slot, end, span):
            yield held.picture


def _slots(begin: int, end: int, span: Span) -> range:
    """Return the frame numbers of begin..end that lie in the span."""
    stop = end if span.stop is None else min(end, span.stop)
    return range(max(begin, span.first), stop)
