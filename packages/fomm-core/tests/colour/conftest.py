"""ICC profiles made by hand, of the kinds that Pillow cannot make."""

import struct

import numpy as np
import pytest

_D50 = np.array([0.9642, 1.0, 0.8249])


def _s15(*values):
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _icc(space, pcs, tags):
    """Assemble a profile of version 2 from {signature: content}."""
    offset, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, offset + len(body), len(content))
        body += content
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(
        ">I4s4s4s4s4s", offset + len(body), b"lcms", b"\2\x20\0\0", kind, space, pcs
    )
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + _s15(*_D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(values):
    return b"XYZ \0\0\0\0" + _s15(*values)


def _gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


_TEXT = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + b"\0" * 78


def rgb_profile(columns, gamma):
    """Profile of RGB by its colorants in XYZ at D50, red, green, blue."""
    tags = {b"desc": _TEXT, b"wtpt": _xyz(_D50)}
    for letter, xyz in zip((b"r", b"g", b"b"), columns, strict=True):
        tags |= {letter + b"XYZ": _xyz(xyz), letter + b"TRC": _gamma(gamma)}
    return _icc(b"RGB ", b"XYZ ", tags)


def grey_profile(gamma):
    return _icc(b"GRAY", b"XYZ ", {b"desc": _TEXT, b"wtpt": _xyz(_D50), b"kTRC": _gamma(gamma)})


def cmyk_profile():
    """Profile of four inks: paper a little yellow, inks that add up their darkness."""
    inks = np.array(np.meshgrid(*[[0, 1]] * 4, indexing="ij")).reshape(4, -1).T
    lightness = np.clip(95 - inks @ [35, 45, 10, 85], 0, 100)
    a, b = inks @ [-30, 70, -5, 0], 4 + inks @ [-45, -5, 85, 0]
    shade = 1 - inks[:, 3]
    lab = np.stack([lightness * 2.55, 128 + a * shade, 128 + b * shade], axis=1)
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + _s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table += ramp * 4 + np.clip(lab, 0, 255).astype(np.uint8).tobytes() + ramp * 3
    return _icc(b"CMYK", b"Lab ", {b"desc": _TEXT, b"wtpt": _xyz(_D50), b"A2B0": table})


P3 = [(0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841)]
ADOBE = [(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)]
PROPHOTO = [(0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249)]


@pytest.fixture(scope="session")
def profiles():
    """Profiles by name."""
    return {
        "Display-P3": rgb_profile(P3, 2.2),
        "Adobe RGB": rgb_profile(ADOBE, 2.19921875),
        "ProPhoto": rgb_profile(PROPHOTO, 1.8),
        "grey": grey_profile(1.8),
        "CMYK": cmyk_profile(),
    }
