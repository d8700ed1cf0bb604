"""Damage of media files: flipped bits, cuts, parts swapped, headers that lie."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from random import Random

from media_parts import Part, split

Mutation = Callable[[bytes, Random], bytes]

_HEADER = 128
"""Sizes, durations, dimensions and counts stand so near to the beginning of a part."""

_MOST_BITS = 24


def mutate(data: bytes, rng: Random) -> tuple[bytes, str]:
    """Damage a file once to three times.

    Returns:
        The damaged file, and the names of what was done to it.
    """
    chosen = rng.choices(MUTATIONS, weights=_WEIGHTS, k=rng.choice((1, 1, 2, 3)))
    if zipfile.is_zipfile(BytesIO(data)) and rng.random() < 0.8:
        return _within_archive(data, chosen, rng), "in an archive: " + _names(chosen)
    for mutation in chosen:
        data = mutation(data, rng) or data
    if data.startswith(b"\x89PNG") and rng.random() < 0.8:
        data = _with_checksums(data)
    return data, _names(chosen)


def _names(chosen: list[Mutation]) -> str:
    return ", ".join(mutation.__name__ for mutation in chosen)


def flip_bits(data: bytes, rng: Random) -> bytes:
    """Flip some bits anywhere."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, _MOST_BITS)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_end(data: bytes, rng: Random) -> bytes:
    """Break the file off."""
    return data[: rng.randint(1, len(data))]


def cut_middle(data: bytes, rng: Random) -> bytes:
    """Leave some bytes out."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 256) :]


def swap_parts(data: bytes, rng: Random) -> bytes:
    """Swap two boxes, chunks, segments, elements or packets."""
    parts = split(data)
    if len(parts) < 2:
        return data
    first, second = sorted(rng.sample(parts, 2), key=lambda part: part.start)
    if second.start < first.stop:  # one lies within the other
        return data
    between = data[first.stop : second.start]
    swapped = data[second.start : second.stop] + between + data[first.start : first.stop]
    return data[: first.start] + swapped + data[second.stop :]


def drop_part(data: bytes, rng: Random) -> bytes:
    """Leave a part out."""
    part = _any_part(data, rng)
    return data[: part.start] + data[part.stop :]


def repeat_part(data: bytes, rng: Random) -> bytes:
    """Write a part twice."""
    part = _any_part(data, rng)
    return data[: part.stop] + data[part.start :]


def lie(data: bytes, rng: Random) -> bytes:
    """Write another number into the header of a part: 0, 1, the largest, the most negative."""
    part = _any_part(data, rng)
    size = rng.choice((1, 2, 4, 4, 8))
    start = part.start + rng.randrange(0, max(1, min(_HEADER, part.stop - part.start)))
    start -= (start - part.start) % min(size, 2)
    top = 1 << 8 * size
    value = rng.choice((0, 1, 2, top // 2, top // 2 - 1, top - 1, top - 2, rng.randrange(top)))
    number = value.to_bytes(size, rng.choice(("big", "big", "little")))
    return data[:start] + number + data[start + size :]


MUTATIONS: list[Mutation] = [
    *(flip_bits, cut_end, cut_middle, swap_parts, drop_part, repeat_part, lie)
]
_WEIGHTS = [4, 2, 2, 3, 2, 2, 8]


def _any_part(data: bytes, rng: Random) -> Part:
    return rng.choice(split(data) or [Part(0, len(data))])


def _with_checksums(data: bytes) -> bytes:
    """Put the checksums of PNG's chunks right, so that the damage is not found by them."""
    changed = bytearray(data)
    for part in split(data):
        body = data[part.start + 4 : part.stop - 4]
        changed[part.stop - 4 : part.stop] = zlib.crc32(body).to_bytes(4, "big")
    return bytes(changed)


def _within_archive(data: bytes, chosen: list[Mutation], rng: Random) -> bytes:
    """Damage a member of an archive, whose checksums are right then."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(members))
    for mutation in chosen:
        members[name] = mutation(members[name], rng) or members[name]
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()
