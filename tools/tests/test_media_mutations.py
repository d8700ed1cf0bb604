from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from random import Random

import pytest

import media_mutations
from media_parts import Part, split


def png(*bodies):
    chunks = [
        (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
        for body in bodies
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"\0\0\0\x08ftyp\0\0\0\x10moov\0\0\0\x08trak", [(0, 8), (8, 24), (16, 24)]),
        (b"RIFF\x10\0\0\0WEBPVP8 \x03\0\0\0abc\0", [(0, 24), (12, 24)]),
        (png(b"IHDRabc", b"IEND"), [(8, 23), (23, 35)]),
        (b"\xff\xd8\xff\xe0\0\x03a\xff\xda\0\x02data", [(2, 7), (7, 15)]),
        (b"\x1aE\xdf\xa3\x84\x42\x86\x81\x01", [(0, 9), (5, 9)]),
        (b"FLV" + bytes(10) + b"\x09\0\0\x01" + bytes(12), [(0, 13), (13, 29)]),
        ((b"G" + bytes(187)) * 2, [(0, 188), (188, 376)]),
        (bytes(100), [(0, 64), (64, 100)]),
    ],
)
def test_parts_of_a_file(data, parts):
    assert split(data) == [Part(*bounds) for bounds in parts]


@pytest.mark.parametrize("mutation", media_mutations.MUTATIONS)
def test_a_mutation_takes_any_bytes(mutation):
    heads = (b"", b"\0\0\0\x01ftyp", b"RIFF", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\x1aE\xdf\xa3")
    for number in range(300):
        rng = Random(number)
        data = rng.choice(heads) + rng.randbytes(rng.randint(1, 90))
        assert isinstance(mutation(data, rng), bytes)


def test_the_draw_decides_what_becomes_of_a_file():
    data = png(b"IHDR" + bytes(13), b"IDAT" + bytes(40), b"IEND")
    made = [media_mutations.mutate(data, Random(number)) for number in range(50)]
    assert made == [media_mutations.mutate(data, Random(number)) for number in range(50)]
    assert len(set(made)) > 40


def test_members_of_an_archive_are_damaged_and_the_archive_stays_whole():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("one.npy", bytes(range(100)))
    for number in range(20):
        damaged, names = media_mutations.mutate(stream.getvalue(), Random(number))
        if names.startswith("in an archive"):
            with zipfile.ZipFile(BytesIO(damaged)) as archive:
                assert archive.testzip() is None
