"""Parts that media files consist of: boxes, chunks, segments, elements, packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_TS_PACKET = 188
_SLICE = 64

# Boxes and EBML elements that consist of others; the boxes with the bytes before these.
_BOXES = {
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"mvex"), 0),
    **dict.fromkeys((b"moof", b"traf", b"iprp", b"ipco", b"udta"), 0),
    **{b"meta": 4, b"stsd": 8, b"dref": 8},
}
_ELEMENTS = frozenset(
    (
        *(b"\x1aE\xdf\xa3", b"\x18S\x80g", b"\x11M\x9bt", b"\x15I\xa9f", b"\x16T\xaek"),
        *(b"\xae", b"\xe0", b"\xe1", b"\x1fC\xb6u", b"\xa0", b"\x1cS\xbbk", b"\xbb"),
        *(b"\x12T\xc3g", b"ss"),
    )
)


@dataclass(frozen=True)
class Part:
    """Bytes ``start`` to ``stop`` of a file; parts lie beside or within one another."""

    start: int
    stop: int


def split(data: bytes) -> list[Part]:
    """Find the parts of a file by the rules of its format; slices where there are none."""
    end = len(data)
    if data[4:8] in (b"ftyp", b"moov", b"wide"):
        return list(_boxes(data, 0, end))
    if data.startswith(b"RIFF"):
        return list(_riff(data, 0, end))
    if data.startswith(_PNG):
        return list(_chunks(data, len(_PNG)))
    if data.startswith(b"\xff\xd8"):
        return list(_segments(data))
    if data.startswith(b"\x1aE\xdf\xa3"):
        return list(_elements(data, 0, end))
    if data.startswith(b"FLV"):
        return list(_tags(data))
    step = _TS_PACKET if data.startswith(b"G") and data[_TS_PACKET:][:1] == b"G" else _SLICE
    return [Part(start, min(start + step, end)) for start in range(0, end, step)]


def _number(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "big")


def _boxes(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Boxes of ISO/IEC 14496-12: size, name, content."""
    while start + 8 <= stop:
        size = _number(data, start, 4)
        end = start + size if 8 <= size <= stop - start else stop
        yield Part(start, end)
        skipped = _BOXES.get(data[start + 4 : start + 8])
        if skipped is not None:
            yield from _boxes(data, start + 8 + skipped, end)
        start = end


def _riff(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Chunks of AVI and WebP: name, size, content, a byte to make it even."""
    while start + 8 <= stop:
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        end = min(start + 8 + size + size % 2, stop)
        yield Part(start, end)
        if data[start : start + 4] in (b"RIFF", b"LIST"):
            yield from _riff(data, start + 12, end)
        start = end


def _chunks(data: bytes, start: int) -> Iterator[Part]:
    """Chunks of PNG: size, name, content, checksum."""
    while start + 12 <= len(data):
        end = min(start + 12 + _number(data, start, 4), len(data))
        yield Part(start, end)
        start = end


def _segments(data: bytes) -> Iterator[Part]:
    """Segments of JPEG: marker, size, content; the last one with the picture."""
    start = 2
    while start + 4 <= len(data):
        is_scan = data[start + 1] == 0xDA
        end = len(data) if is_scan else min(start + 2 + _number(data, start + 2, 2), len(data))
        yield Part(start, end)
        start = end


def _tags(data: bytes) -> Iterator[Part]:
    """Tags of FLV after its header: kind, size, time, content, size."""
    yield Part(0, 13)
    start = 13
    while start + 15 <= len(data):
        end = min(start + 15 + _number(data, start + 1, 3), len(data))
        yield Part(start, end)
        start = end


def _elements(data: bytes, start: int, stop: int) -> Iterator[Part]:
    """Elements of EBML (Matroska, WebM): name, size, content; the first two of any length."""
    while start + 2 <= stop:
        content = start + _vint_length(data[start])
        if content >= stop:
            return
        name, length = data[start:content], _vint_length(data[content])
        size = _number(data, content, length) & ((1 << 7 * length) - 1)
        content += length
        end = content + size if size <= stop - content else stop
        yield Part(start, end)
        if name in _ELEMENTS:
            yield from _elements(data, content, end)
        start = end


def _vint_length(first: int) -> int:
    return 9 - first.bit_length() if first else 8
