"""From decoded pictures to upright RGB frames with square pixels."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from fomm_core.image import ByteArray


@dataclass(frozen=True)
class Layout:
    """Turns decoded pictures into upright RGB frames with square pixels.

    Attributes:
        width: of the stored picture with square pixels, before turning.
        height: the same.
        quarter_turns: counter-clockwise.
        mirrored: whether left and right are swapped after turning.
        alpha: whether pictures are transparent; they are laid on white.
    """

    width: int
    height: int
    quarter_turns: int = 0
    mirrored: bool = False
    alpha: bool = False

    @classmethod
    def of(cls, frame: VideoFrame, pixel_aspect: Fraction | None) -> Layout:
        """Read the layout from the first decoded frame."""
        turns, mirrored = _orientation(frame)
        width = max(1, round(frame.width * (pixel_aspect or 1)))
        alpha = any(component.is_alpha for component in frame.format.components)
        return cls(width, frame.height, turns, mirrored, alpha)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the upright frames, in pixels."""
        odd_turn = self.quarter_turns % 2
        return (self.width, self.height) if odd_turn else (self.height, self.width)

    def to_rgb(self, frame: VideoFrame, reformatter: VideoReformatter) -> ByteArray:
        """Convert a decoded picture to (H, W, 3) uint8 RGB by its own matrix and range."""
        kind = "rgba" if self.alpha else "rgb24"
        plain = reformatter.reformat(frame, self.width, self.height, kind, threads=1)
        pixels = plain.to_ndarray().astype(np.uint8, copy=False)
        if self.alpha:
            pixels = _on_white(pixels)
        pixels = np.rot90(pixels, self.quarter_turns)
        return np.ascontiguousarray(pixels[:, ::-1] if self.mirrored else pixels, np.uint8)


def _on_white(rgba: ByteArray) -> ByteArray:
    opacity = rgba[:, :, 3:].astype(np.uint16)
    if opacity.min() == 255:
        return rgba[:, :, :3]
    blend = rgba[:, :, :3] * opacity + 255 * (255 - opacity)
    opaque: ByteArray = ((blend + 127) // 255).astype(np.uint8)
    return opaque


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
