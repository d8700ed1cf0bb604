"""Jumps of the clock of a file, and what mends them for all of its streams.

Recordings that were joined begin again at an earlier time, and broadcasts jump ahead. A jump
that the streams share is one of the clock; a gap in one stream while another goes on is a
pause, and stays.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

# A stamp this far back is a fault of the clock, in seconds; less is a matter of rounding.
BACKWARD = 0.01
# FFmpeg's own limit for clocks that may be discontinuous.
FORWARD = 10.0
# Streams are interleaved within this time, in seconds, so that they jump nearly as far.
_INTERLEAVING = 5.0
# So short a step back, in seconds, may lie in a gap of another stream.
_UNNOTICED = 1
# Streams jump one soon after another, so that of many jumps only the latest are compared.
_NEAR = 64
# So many packets before and after without a gap are a stream that goes on steadily.
_STEADY = 8


@dataclass(eq=False)
class Track:
    """The stamps of a stream's packets, in order of the file.

    Attributes:
        index: of the stream.
        base: seconds of a tick.
        step: ticks of a packet that does not state its duration.
        places: for each packet, its number among those of all streams.
        clocks: time of decoding, in ticks; of a packet without stamp that of the one before.
        starts: time of presentation, in ticks; ``None`` without stamp, or never shown.
        durations: in ticks.
    """

    index: int
    base: Fraction
    step: int
    places: list[int] = field(default_factory=list)
    clocks: list[int | None] = field(default_factory=list)
    starts: list[int | None] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def add(self, place: int, clock: int | None, start: int | None, duration: int) -> None:
        """Append a packet."""
        self.places.append(place)
        self.clocks.append(clock if clock is not None else (self.clocks or [None])[-1])
        self.starts.append(start)
        self.durations.append(duration or self.step)

    def first(self, begin: int = 0, end: int | None = None) -> Fraction | None:
        """Return the earliest time of presentation of some packets, in seconds."""
        shown = [start for start in self.starts[begin:end] if start is not None]
        return min(shown) * self.base if shown else None

    def last(self, begin: int = 0, end: int | None = None) -> Fraction | None:
        """Return when the last of some packets is over, in seconds."""
        pairs = zip(self.starts[begin:end], self.durations[begin:end], strict=True)
        ends = [start + duration for start, duration in pairs if start is not None]
        return max(ends) * self.base if ends else None

    def latest(self) -> tuple[Fraction, Fraction] | None:
        """Return the time and the duration of the packet that is shown last, in seconds."""
        pairs = zip(self.starts, self.durations, strict=True)
        shown = [(start, duration) for start, duration in pairs if start is not None]
        if not shown:
            return None
        start, duration = max(shown)
        return start * self.base, duration * self.base

    def shifted(self, shifts: Iterable[tuple[int, Fraction]]) -> Track:
        """Return the track with its times of presentation on the mended clock."""
        starts = list(self.starts)
        for begin, shift in shifts:
            ticks = round(shift / self.base)
            for number in range(begin, len(starts)):
                start = self.starts[number]
                starts[number] = None if start is None else start + ticks
        return replace(self, starts=starts)


@dataclass(frozen=True)
class _Break:
    """A jump of one stream: its packet, where it lies in the file, and its width in seconds."""

    track: Track
    number: int
    place: int
    width: float


Shifts = dict[int, tuple[tuple[int, Fraction], ...]]


def find_shifts(tracks: Sequence[Track], *, may_jump: bool) -> Shifts:
    """Find what to add to the stamps of each stream.

    Args:
        tracks: of the file, that of the pictures first.
        may_jump: whether the format is one of broadcast, whose clock may also jump ahead.

    Returns:
        For each stream that needs it, pairs of the number of the first packet and the seconds
        to add from there on. Pictures go on without a gap, and the sound with them.
    """
    shifts: dict[int, list[tuple[int, Fraction]]] = {track.index: [] for track in tracks}
    for join in _joins(tracks, may_jump=may_jump):
        master = join[0]
        done = shifts[master.track.index]
        begun, before = done[-1] if done else (0, Fraction(0))
        later = [b.number for b in _breaks(master.track) if b.number > master.number]
        end = master.track.last(begun, master.number)
        start = master.track.first(master.number, later[0] if later else None)
        if end is None or start is None:
            continue
        shift = end + before - start
        for one in join:
            shifts[one.track.index].append((one.number, shift))
        members = [one.track for one in join]
        for track in (t for t in tracks if t not in members):
            number = bisect_right(track.places, master.place)
            if number == 0 or (may_jump and abs(shift - before) < _UNNOTICED):
                shifts[track.index].append((number, shift))
    return {index: tuple(pairs) for index, pairs in shifts.items() if pairs}


def _breaks(track: Track) -> list[_Break]:
    """List where a stream's stamps go back or leap ahead."""
    base = float(track.base)
    found = []
    for number, (before, clock) in enumerate(pairwise(track.clocks), 1):
        if before is None or clock is None:
            continue
        width = (clock - before - track.durations[number - 1]) * base
        if (clock - before) * base < -BACKWARD or width > FORWARD:
            found.append(_Break(track, number, track.places[number], width))
    return found


def _joins(tracks: Sequence[Track], *, may_jump: bool) -> list[list[_Break]]:
    """Group the breaks of several streams that are one jump of the clock."""
    breaks = [one for track in tracks for one in _breaks(track)]
    joins: list[list[_Break]] = []
    for one in sorted(breaks, key=lambda each: each.place):
        join = next((join for join in joins[-_NEAR:] if _belongs(one, join)), None)
        if join is None:
            joins.append([one])
        else:
            join.append(one)
    order = {track.index: number for number, track in enumerate(tracks)}
    for join in joins:
        join.sort(key=lambda each: order[each.track.index])
    return [join for join in joins if _is_of_the_clock(join, tracks, joins, may_jump=may_jump)]


def _belongs(one: _Break, join: list[_Break]) -> bool:
    if any(other.track is one.track for other in join):
        return False
    return abs(join[0].width - one.width) < _INTERLEAVING


def _is_of_the_clock(
    join: list[_Break], tracks: Sequence[Track], joins: list[list[_Break]], *, may_jump: bool
) -> bool:
    if len(join) == 1 and any(_is_caught_up(join[0], t) for t in tracks if t is not join[0].track):
        return False
    if join[0].width < 0 or _is_undone(join, joins):
        return True
    place = min(one.place for one in join)
    going_on = [t for t in tracks if t.places and t.places[0] < place < t.places[-1]]
    return may_jump and all(any(one.track is t for one in join) for t in going_on)


def _is_caught_up(one: _Break, other: Track) -> bool:
    """Whether a step back leads nearer to the clock of another stream that goes on steadily.

    So where the sample rate changes: demuxers go on counting by that of the beginning, until
    the next stamp that the file has.
    """
    number = bisect_right(other.places, one.place)
    if one.width > 0 or not 0 < number < len(other.places):
        return False
    before, clock = one.track.clocks[one.number - 1 : one.number + 1]
    due = other.clocks[number - 1]
    if before is None or clock is None or due is None:
        return False
    far, near = (abs(each * one.track.base - due * other.base) for each in (before, clock))
    steps = _steps(other, max(1, number - _STEADY), number + _STEADY)
    return near < far and bool(steps) and all(abs(step) < BACKWARD for step in steps)


def _steps(track: Track, begin: int, end: int) -> list[float]:
    """List by how many seconds packets begin after the one before ends, jumps left out."""
    steps = [
        float((clock - before - duration) * track.base)
        for before, clock, duration in zip(
            track.clocks[begin - 1 : end],
            track.clocks[begin:end],
            track.durations[begin - 1 : end],
            strict=False,
        )
        if clock is not None and before is not None and clock >= before
    ]
    return [step for step in steps if step <= FORWARD]


def _is_undone(join: list[_Break], joins: list[list[_Break]]) -> bool:
    """Whether the same streams go back as far later: a false stamp, no pause."""
    return any(
        other[0].track is join[0].track
        and other[0].number > join[0].number
        and abs(other[0].width + join[0].width) < _INTERLEAVING
        for other in joins
    )
