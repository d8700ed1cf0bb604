"""A sheet: captioned panels of one size in a grid, prepared once and filled per frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_core.visualize.dots import paint_dot

GROUND = (24, 24, 28)
_LINE = (72, 72, 80)
_TEXT = (236, 236, 236)

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class Caption:
    """Words above a panel.

    Attributes:
        text: the caption.
        short: used instead on panels too narrow for ``text``.
        color: (3,) RGB in [0, 255] of a dot in front of the caption, or ``None``.
    """

    text: str
    short: str = ""
    color: FloatArray | None = None


class Sheet:
    """A grid of panels with their captions and borders, drawn once.

    Rows may have different lengths; what is missing stays dark. A row without captions has
    no strip above it. Height and width are even, as video encoders want them.

    Args:
        captions: one sequence per row, one entry per panel; an empty text for no caption.
        panel_size: (height, width) of every panel in pixels.
        border: draw thin lines around the panels.

    Attributes:
        size: (height, width) of the sheet in pixels.
    """

    def __init__(
        self,
        captions: Sequence[Sequence[Caption]],
        panel_size: tuple[int, int],
        border: bool = True,
    ) -> None:
        self._panel_size = panel_size
        self._line = max(1, round(min(panel_size) / 128)) if border else 0
        self._font_size = max(10, min(24, 8 + panel_size[1] // 32))
        strips = [self._strip_height(row) for row in captions]
        self._tops = self._row_tops(strips)
        self._lengths = [len(row) for row in captions]
        columns = max(self._lengths)
        height = self._tops[-1] + panel_size[0] + self._line
        width = columns * (panel_size[1] + self._line) + self._line
        self.size = (height + height % 2, width + width % 2)
        self._blank = np.full((*self.size, 3), GROUND, np.uint8)
        for row, strip, top in zip(captions, strips, self._tops, strict=True):
            self._draw_row(row, strip, top)

    def compose(self, panels: Sequence[Sequence[ByteArray]]) -> ByteArray:
        """Return the sheet with these panels, row by row.

        Args:
            panels: (H, W, 3) uint8 each, as many as there are captions.

        Returns:
            A new array of :attr:`size`, (height, width, 3) uint8.

        Raises:
            ValueError: other numbers or sizes of panels than the sheet was made for.
        """
        lengths = [len(row) for row in panels]
        if lengths != self._lengths:
            raise ValueError(f"panels: expected rows of {self._lengths}, found {lengths}")
        sheet = self._blank.copy()
        for row, top in zip(panels, self._tops, strict=True):
            for column, panel in enumerate(row):
                self._place(sheet, panel, top, column)
        return sheet

    def _place(self, sheet: ByteArray, panel: ByteArray, top: int, column: int) -> None:
        height, width = self._panel_size
        if panel.shape != (height, width, 3) or panel.dtype != np.uint8:
            raise ValueError(
                f"panel: expected ({height}, {width}, 3) uint8, found {panel.shape} {panel.dtype}"
            )
        left = self._left(column)
        sheet[top : top + height, left : left + width] = panel

    def _left(self, column: int) -> int:
        return self._line + column * (self._panel_size[1] + self._line)

    def _strip_height(self, row: Sequence[Caption]) -> int:
        captioned = any(caption.text for caption in row)
        return round(1.7 * self._font_size) if captioned else 0

    def _row_tops(self, strips: Sequence[int]) -> list[int]:
        """Return where the panels of each row begin, below their strip."""
        tops, edge = [], self._line
        for strip in strips:
            tops.append(edge + strip)
            edge = tops[-1] + self._panel_size[0] + self._line
        return tops

    def _draw_row(self, row: Sequence[Caption], strip: int, top: int) -> None:
        height, width = self._panel_size
        line = self._line
        for column, caption in enumerate(row):
            left = self._left(column)
            outer = self._blank[
                top - strip - line : top + height + line, left - line : left + width + line
            ]
            outer[...] = _LINE
            inner = self._blank[top - strip : top + height, left : left + width]
            inner[...] = GROUND
            if caption.text:
                inner[:strip] = _draw_caption(caption, (strip, width), self._font_size)


def _draw_caption(caption: Caption, size: tuple[int, int], font_size: int) -> ByteArray:
    """Draw a caption in the middle of a strip of ``size`` (height, width)."""
    height, width = size
    strip = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(strip)
    gap = 0 if caption.color is None else font_size
    text, font = _fitting(draw, caption, width - gap - 4, font_size)
    length = draw.textlength(text, font=font)
    left = (width - length + gap) / 2
    draw.text((left, height / 2), text, fill=_TEXT, font=font, anchor="lm")
    image = np.array(strip)
    if caption.color is not None:
        centre = left - 0.55 * gap
        paint_dot(image, centre, (height - 1) / 2, caption.color, 0.3 * font_size)
    return image


def _fitting(
    draw: ImageDraw.ImageDraw, caption: Caption, width: int, font_size: int
) -> tuple[str, _Font]:
    """Return the longer text that fits, else the short one in a smaller type."""
    font = ImageFont.load_default(font_size)
    if not caption.short or draw.textlength(caption.text, font=font) <= width:
        text = caption.text
    else:
        text = caption.short
    while font_size > 7 and draw.textlength(text, font=font) > width:
        font_size -= 1
        font = ImageFont.load_default(font_size)
    return text, font
