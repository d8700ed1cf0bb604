"""From decoded pictures to upright sRGB frames with square pixels."""

from __future__ import annotations

import logging
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from fomm_core.colour.conversion import Conversion, conversion_of, on_white
from fomm_core.colour.standards import BT2020, UNSPECIFIED, is_hdr
from fomm_core.image import ByteArray

# RGB, BT.709, none stated, FCC, BT.601 (twice), SMPTE 240M, BT.2020 (H.273, table 4).
_MATRICES = (0, 1, 2, 4, 5, 6, 7, 9)

_UNKNOWN_SPACES = {8: "YCgCo", 11: "Y'D'zD'x", 14: "ICtCp", 15: "IPT-C2", 16: "YCgCo-Re"}
"""Those that none of these matrices is near, by code."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Layout:
    """Turns decoded pictures into upright sRGB frames with square pixels.

    Attributes:
        width: of the frames before turning, in square pixels.
        height: the same.
        quarter_turns: counter-clockwise.
        mirrored: whether left and right are swapped after turning.
        alpha: whether pictures are transparent; they are laid on white.
        reduction: by which the stored sides are divided, averaging areas.
    """

    width: int
    height: int
    quarter_turns: int = 0
    mirrored: bool = False
    alpha: bool = False
    reduction: int = 1

    @classmethod
    def of(cls, frame: VideoFrame, pixel_aspect: Fraction | None, reduction: int = 1) -> Layout:
        """Read the layout from the first decoded frame; a space of unknown colours is told."""
        if frame.colorspace in _UNKNOWN_SPACES:
            _warn_once(_UNKNOWN_SPACES[frame.colorspace])
        turns, mirrored = _orientation(frame)
        width = max(1, round(frame.width * (pixel_aspect or 1) / reduction))
        height = max(1, round(frame.height / reduction))
        alpha = any(component.is_alpha for component in frame.format.components)
        return cls(width, height, turns, mirrored, alpha, reduction)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the upright frames, in pixels."""
        odd_turn = self.quarter_turns % 2
        return (self.width, self.height) if odd_turn else (self.height, self.width)

    def to_rgb(self, frame: VideoFrame, reformatter: VideoReformatter) -> ByteArray:
        """Convert a decoded picture to (H, W, 3) uint8 sRGB.

        By its own matrix, range, curve and primaries; see :func:`conversion_of`.
        """
        conversion = conversion_of(
            frame.colorspace, frame.color_primaries, frame.color_trc, _white_of(frame)
        )
        if conversion is None:
            kind = "rgba" if self.alpha else "rgb24"
            pixels = self._scaled(frame, reformatter, kind).to_ndarray()
            pixels = pixels.astype(np.uint8, copy=False)
        else:
            kind = "gbrap16le" if self.alpha else "gbrp16le"
            pixels = _converted(self._scaled(frame, reformatter, kind), conversion)
        pixels = np.rot90(on_white(pixels) if self.alpha else pixels, self.quarter_turns)
        return np.ascontiguousarray(pixels[:, ::-1] if self.mirrored else pixels, np.uint8)

    def _scaled(self, frame: VideoFrame, reformatter: VideoReformatter, kind: str) -> VideoFrame:
        """Convert to RGB of a kind by matrix and range alone.

        The scaler leaves curves and primaries as they are, but refuses those it does not know.
        """
        tags = frame.colorspace, frame.color_primaries, frame.color_trc
        frame.colorspace = _matrix_of(frame)
        frame.color_primaries = frame.color_trc = UNSPECIFIED
        try:
            return reformatter.reformat(
                frame,
                self.width,
                self.height,
                kind,
                interpolation=Interpolation.AREA if self.reduction > 1 else None,
                threads=1,
            )
        finally:
            frame.colorspace, frame.color_primaries, frame.color_trc = tags


@cache
def _warn_once(space: str) -> None:
    """Name a colour space once, however many videos are in it."""
    _log.warning("%s is not known: colours will be wrong; convert the video to BT.709", space)


def _matrix_of(frame: VideoFrame) -> int:
    """Choose the nearest matrix that FFmpeg's scaler knows."""
    if frame.colorspace in _MATRICES:
        return int(frame.colorspace)
    wide = frame.color_primaries == BT2020 or is_hdr(frame.color_trc)
    return BT2020 if wide else UNSPECIFIED


def _white_of(frame: VideoFrame) -> int:
    """Tell what the scaler makes of white in 16 bits: of full range it moves the bits only."""
    if frame.color_range != ColorRange.JPEG and not frame.format.is_rgb:
        return 255 << 8
    depth = min(16, max(component.bits for component in frame.format.components))
    return ((1 << depth) - 1) << (16 - depth)


def _converted(wide: VideoFrame, conversion: Conversion) -> ByteArray:
    """Convert planes of 16 bits; opacity, where there is any, stays as it is."""
    green, blue, red, *opacity = map(_samples, wide.planes)
    pixels = conversion(np.stack([red, green, blue]))
    if not opacity:
        return pixels
    return np.dstack([pixels, (opacity[0] >> 8).astype(np.uint8)])


def _samples(plane: VideoPlane) -> npt.NDArray[np.uint16]:
    lines = np.frombuffer(bytes(plane), np.uint16).reshape(plane.height, plane.line_size // 2)
    return lines[:, : plane.width]


def _orientation(frame: VideoFrame) -> tuple[int, bool]:
    """Read the display matrix: counter-clockwise quarter turns, then a mirror image."""
    # PyAV declares but one of the keys.
    side_data: Mapping[Any, Any] = cast("Mapping[Any, Any]", frame.side_data)
    try:
        matrix = side_data[SideDataType.DISPLAYMATRIX]
    except KeyError:
        return 0, False
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    mirrored = a * d - b * c < 0
    if mirrored:
        a = -a
    return round(math.degrees(math.atan2(-b, a)) / 90) % 4, mirrored
