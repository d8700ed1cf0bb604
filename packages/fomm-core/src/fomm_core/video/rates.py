"""The constant rate that a stream's frames are shown at."""

from __future__ import annotations

from fractions import Fraction

_USUAL_RATES = tuple(
    Fraction(*pair)
    for pair in (
        (10, 1),
        (12, 1),
        (15, 1),
        (20, 1),
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (48, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
    )
)
DEFAULT_RATE = Fraction(25)
_FASTEST_UNQUESTIONED = Fraction(60)


def constant_rate(guessed: Fraction | None, average: Fraction | None) -> Fraction:
    """Choose the constant frame rate that a stream's frames are shown at.

    Args:
        guessed: the lowest rate that can represent all time stamps, as FFmpeg estimates it.
        average: frames divided by duration.

    Returns:
        ``guessed`` for constant rates and for variable ones that only leave frames out;
        the usual rate nearest to ``average`` where time stamps are so uneven that
        ``guessed`` is far above it.
    """
    if not guessed or guessed <= 0:
        guessed = average
    if not guessed or guessed <= 0:
        return DEFAULT_RATE
    if not average or average <= 0:
        return guessed
    if guessed == 2 * average:
        return average  # two fields to a frame (interlaced)
    if guessed > max(_FASTEST_UNQUESTIONED, average * Fraction(5, 4)):
        return min(_USUAL_RATES, key=lambda usual: abs(usual - average))
    return guessed
