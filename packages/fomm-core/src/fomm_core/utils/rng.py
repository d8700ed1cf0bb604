"""Random numbers that depend on what they are for, not on what was drawn before.

All that draws from a seed derives its generator here. An interrupted run that goes on, other
numbers of workers and other numbers of ranks thus see the same draws.
"""

from __future__ import annotations

import zlib

import numpy as np


def make_rng(seed: int, *purpose: str | int) -> np.random.Generator:
    """Make the generator of the random numbers of one purpose (Philox, counter-based).

    Equal arguments give equal numbers, in every process and in any order of calls; different
    ones give independent numbers.

    Args:
        seed: of the whole training, data set or picture, 0 or more.
        purpose: what is drawn, so that two uses of one sample do not see the same numbers, and
            of which epoch, sample, ...; a word counts by its CRC-32, a number, 0 or more, as it
            is. Without any they are the numbers of the seed itself.
    """
    entropy = (seed, *(_number(part) for part in purpose))
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))


def _number(part: str | int) -> int:
    return zlib.crc32(part.encode()) if isinstance(part, str) else part
