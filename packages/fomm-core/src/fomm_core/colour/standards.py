"""Transfer curves and primaries of ITU-T H.273, the codes that video files carry.

Light is linear: 1 is the reference white, 203 cd/m2 of HDR signals (ITU-R BT.2408).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Curve: TypeAlias = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

UNSPECIFIED = 2
BT709 = 1
BT2020 = 9
SRGB_CURVE = 13
PQ = 16
HLG = 18

REFERENCE_WHITE = 203.0
"""Luminance of white paper and of graphics in HDR signals, in cd/m2 (ITU-R BT.2408)."""

HDR_PEAK = 1000.0
"""Luminance of an HLG display at full signal, in cd/m2 (ITU-R BT.2100); parts of a PQ signal
above it are shown as white."""

_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
_SMPTE_C = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)

# By code: x and y of red, green, blue and white (H.273, table 2).
_CHROMATICITIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    4: ((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), _C),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), _D65),
    6: _SMPTE_C,
    7: _SMPTE_C,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def _pq_light(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """SMPTE ST 2084, equation 4.1."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    light: npt.NDArray[np.float64] = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light * (10000 / REFERENCE_WHITE)


def _hlg_light(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Inverse OETF of BT.2100, then its OOTF of gamma 1.2.

    The OOTF goes channel by channel, as in FFmpeg's ``zscale``, not by luminance.
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return scene**1.2 * (HDR_PEAK / REFERENCE_WHITE)


def _srgb_light(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """IEC 61966-2-1."""
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _srgb_signal(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _bt1886_light(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return signal**2.4


def _bt1886_signal(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.power(light, 1 / 2.4)


# All that is not here is for BT.1886's display of gamma 2.4.
_TO_LIGHT: dict[int, Curve] = {
    4: lambda signal: signal**2.2,
    5: lambda signal: signal**2.8,
    8: lambda signal: signal,
    9: lambda signal: np.power(10, 2 * (signal - 1)),
    10: lambda signal: np.power(10, 2.5 * (signal - 1)),
    SRGB_CURVE: _srgb_light,
    PQ: _pq_light,
    17: lambda signal: signal**2.6 * (52.37 / 48),
    HLG: _hlg_light,
}


def is_hdr(transfer: int) -> bool:
    """Whether a curve reaches above the reference white (PQ and HLG)."""
    return transfer in (PQ, HLG)


def is_shown_as_is(transfer: int) -> bool:
    """Whether a signal of this curve is shown on an sRGB display as it is, by convention."""
    return transfer == SRGB_CURVE or transfer not in _TO_LIGHT


def to_light(transfer: int) -> Curve:
    """Return the curve from a signal in [0, 1] to light, 1 at the reference white."""
    return _TO_LIGHT.get(transfer, _bt1886_light)


def to_signal(transfer: int) -> Curve:
    """Return the curve from light in [0, 1] to the signal that an sRGB display is given.

    It is sRGB's for sources of sRGB's curve and BT.1886's inverse for all others, so that what
    the primaries leave alone stays as it is.
    """
    return _srgb_signal if transfer == SRGB_CURVE else _bt1886_signal


def to_bt709(primaries: int) -> npt.NDArray[np.float64] | None:
    """Return the matrix (3, 3) that takes light of some primaries to light of BT.709's.

    White stays white (Bradford's adaptation). ``None`` where nothing is to do: primaries of
    BT.709, unspecified or unknown ones.
    """
    if primaries == BT709 or primaries not in _CHROMATICITIES:
        return None
    matrix: npt.NDArray[np.float64] = np.linalg.solve(_to_xyz(BT709), _to_xyz(primaries))
    return matrix


def _to_xyz(primaries: int) -> npt.NDArray[np.float64]:
    """Matrix from light of some primaries to XYZ, adapted to D65."""
    *colours, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in _CHROMATICITIES[primaries])
    columns = np.stack(colours, axis=1)
    scaled = columns * np.linalg.solve(columns, white)
    d65 = np.array([_D65[0] / _D65[1], 1, (1 - sum(_D65)) / _D65[1]])
    gains = (_BRADFORD @ d65) / (_BRADFORD @ white)
    adapted: npt.NDArray[np.float64] = np.linalg.solve(_BRADFORD, gains[:, None] * _BRADFORD)
    matrix: npt.NDArray[np.float64] = adapted @ scaled
    return matrix
