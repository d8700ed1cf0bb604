"""Frames of other curves or primaries than sRGB's, among them HDR, as sRGB."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fomm_core.colour import standards

# The Moebius curve x -> scale (x + a) / (x + b): it touches y = x at the knee and is 1 at the peak.
_KNEE = 0.9
_PEAK = standards.HDR_PEAK / standards.REFERENCE_WHITE
_A = -(_KNEE**2) * (_PEAK - 1) / (_KNEE**2 - 2 * _KNEE + _PEAK)
_B = (_KNEE**2 - 2 * _KNEE * _PEAK + _PEAK) / (_PEAK - 1)
_SCALE = (_KNEE + _B) ** 2 / (_B - _A)

_STEPS = 4096
_BAND = 1 << 15
"""Pixels converted in one go, few enough to stay in a core's cache."""


class Conversion:
    """Turns frames of one curve and set of primaries into sRGB.

    Signal to light by the curve, light to BT.709's primaries, HDR tone-mapped (see
    :func:`tone_map`), light to signal. A 1080p frame takes about 70 ms of one core.

    Args:
        primaries: code of H.273.
        transfer: the same.
        white: value of full signal in the frames.
    """

    def __init__(self, primaries: int, transfer: int, white: int) -> None:
        levels = np.arange(65536) / white
        light = standards.to_light(transfer)(np.minimum(levels, 1.0))
        self._light = light.astype(np.float32)
        matrix = standards.to_bt709(primaries)
        self._matrix = None if matrix is None else matrix.astype(np.float32)
        self._is_hdr = standards.is_hdr(transfer)
        # Steps are even in the square root of light, which is close to how eyes see.
        signal = standards.to_signal(transfer)((np.arange(_STEPS) / (_STEPS - 1)) ** 2)
        self._signal = (signal * 255 + 0.5).astype(np.uint8)

    def __call__(self, planes: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
        """Convert a frame.

        Args:
            planes: (3, H, W), RGB.

        Returns:
            (H, W, 3) uint8, RGB.
        """
        frame = np.empty((*planes.shape[1:], 3), np.uint8)
        for rows in bands(planes.shape[1], planes.shape[2]):
            signal = planes[:, rows].reshape(3, -1)
            light = np.take(self._light, signal, mode="clip")  # several times as fast as [...]
            for channel, plane in enumerate(self._converted(light)):
                frame[rows, :, channel] = plane.reshape(-1, planes.shape[2])
        return frame

    def _converted(self, light: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        """Turn light (3, N) of the source into signal of the result."""
        if self._matrix is not None:
            light = np.einsum("ij,jk->ik", self._matrix, light)  # no threads, unlike BLAS
        if self._is_hdr:
            light = tone_map(light)
        np.clip(light, 0, 1, out=light)
        np.sqrt(light, out=light)
        light *= _STEPS - 1
        light += 0.5
        return np.take(self._signal, light.astype(np.uint16), mode="clip")


def tone_map(light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Bring light up to the peak of an HDR display below white, all channels by one factor.

    The Moebius curve of FFmpeg's ``tonemap`` filter on the largest channel: up to 0.9 nothing
    changes, so that graphics and skin keep their values; from there it bends so that the peak,
    1000 cd/m2, becomes white. What is brighter still is white.

    Args:
        light: (3, N); 1 is the reference white.

    Returns:
        (3, N), at most 1; negative where the source's primaries reach further.
    """
    top = np.maximum(light.max(axis=0), np.float32(_KNEE))
    new = np.minimum(top, np.float32(_PEAK))
    new = (new + np.float32(_A)) / (new + np.float32(_B)) * np.float32(_SCALE)
    mapped: npt.NDArray[np.float32] = light * (new / top)
    return mapped


def conversion_of(matrix: int, primaries: int, transfer: int, white: int) -> Conversion | None:
    """Choose the conversion of a video by its codes of H.273.

    Unspecified primaries are taken for BT.2020's where curve or matrix are, else for BT.709's;
    an unspecified curve for an SDR display's.

    Args:
        matrix, primaries, transfer: codes.
        white: value of full signal in 16 bits.

    Returns:
        The conversion, or ``None`` where the signal is to be shown as it is: that of BT.709,
        of sRGB, and where nothing is specified.
    """
    wide = standards.is_hdr(transfer) or matrix == standards.BT2020
    if primaries == standards.UNSPECIFIED and wide:
        primaries = standards.BT2020
    return _conversion(primaries, transfer, white)


@lru_cache(maxsize=16)
def _conversion(primaries: int, transfer: int, white: int) -> Conversion | None:
    if standards.is_shown_as_is(transfer) and standards.to_bt709(primaries) is None:
        return None
    return Conversion(primaries, transfer, white)


def on_white(rgba: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay a picture on white.

    Args:
        rgba: (H, W, 4) uint8, sRGB with opacity, which is not multiplied into the colours.

    Returns:
        (H, W, 3) uint8, sRGB.
    """
    height, width = rgba.shape[:2]
    opaque = rgba[:, :, :3].copy()
    for rows in bands(height, width):
        opacity = rgba[rows, :, 3:].astype(np.uint16)
        if opacity.min(initial=255) < 255:
            blend = rgba[rows, :, :3] * opacity + 255 * (255 - opacity)
            opaque[rows] = (blend + 127) // 255
    return opaque


def bands(height: int, width: int) -> Iterator[slice]:
    """Yield slices of rows, each of about 33 thousand pixels."""
    rows = max(1, _BAND // max(1, width))
    return (slice(top, top + rows) for top in range(0, height, rows))
