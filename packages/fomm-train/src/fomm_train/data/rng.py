"""Random numbers that depend on what they are for, not on what was drawn before."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """Return the random numbers of one purpose.

    Equal arguments give equal numbers, in every process and in any order of calls; different
    ones give independent numbers.

    Args:
        seed: of the whole training, 0 or more.
        purpose: what is drawn, so that two uses of one sample do not see the same numbers.
        counters: of which epoch, sample, ...; each 0 or more.
    """
    entropy = (seed, zlib.crc32(purpose.encode()), *counters)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))
