"""The sheets of an animation: source, driving and generated, detailed, and full."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from fomm_core.engine.base import Diagnostics
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.visualize.dots import dot_radius, keypoint_colors, paint_dots
from fomm_core.visualize.maps import grey, heat, picture
from fomm_core.visualize.sheet import GROUND, Caption, Sheet

SheetKind = Literal["default", "detailed", "full"]
"""``"default"``: source, driving, generated. ``"detailed"``: source and driving with their
keypoints, the deformed source, the generated frame with the keypoints it was moved to, the
generated frame, the occlusion map. ``"full"``: also each of the K + 1 warped sources above its
mask, the background first. These two begin with the whole picture where there is an overview.
"""

_BACKGROUND = np.array([235, 235, 235], np.float32)
_MOST_COLUMNS = 8

_Panel = tuple[Caption, ByteArray]


@dataclass(frozen=True)
class SheetStyle:
    """Style of sheets; the configuration's ``visualizer_params``.

    Attributes:
        kp_size: radius of a keypoint in pixels of a 256x256 frame.
        border: draw thin lines between the panels.
        colormap: a matplotlib colour map, one colour per keypoint.
    """

    kp_size: float = 5.0
    border: bool = True
    colormap: str = "gist_rainbow"


@dataclass(frozen=True, eq=False)
class SheetFrame:
    """Contents of a sheet, of one frame; images are (H, W, 3) uint8, RGB.

    Attributes:
        generated: the generated frame.
        driving: the driving frame, or ``None`` where a motion template drives; its
            keypoints are shown on a dark ground then.
        kp_driving: keypoints as detected in the driving frame.
        kp_generated: keypoints after motion transfer, to which the source was moved.
        diagnostics: the inner maps; needed by detailed and full sheets.
    """

    generated: ByteArray
    driving: ByteArray | None
    kp_driving: Keypoints
    kp_generated: Keypoints
    diagnostics: Diagnostics | None = None


class SheetRenderer:
    """Renders the frames of one run as sheets of constant size.

    The grid, its captions and the source's panel are drawn with the first frame; whether
    there is an occlusion map must not change afterwards.

    Args:
        kind: which sheet; see :data:`SheetKind`.
        source: (H, W, 3) uint8, RGB; every other image has this size.
        kp_source: keypoints of the source.
        style: colours and sizes.
        overview: the whole picture of which the source is a square, in the source's size
            (:func:`~fomm_core.visualize.overview.draw_overview`); ``None`` shows none.
    """

    def __init__(
        self,
        kind: SheetKind,
        source: ByteArray,
        kp_source: Keypoints,
        style: SheetStyle | None = None,
        overview: ByteArray | None = None,
    ) -> None:
        self._kind = kind
        self._source = source
        self._kp_source = kp_source
        self._style = style or SheetStyle()
        self._overview = overview
        height, width, _ = source.shape
        self._size = (height, width)
        self._sheet: Sheet | None = None

    def render(self, frame: SheetFrame) -> ByteArray:
        """Return the sheet of one frame, (height, width, 3) uint8 with even extents.

        Raises:
            ValueError: an image of another size than the source, or no diagnostics where
                the kind of sheet needs them.
            ConfigError: an unknown colour map.
        """
        rows = self._rows(frame)
        if self._sheet is None:
            captions = [[caption for caption, _ in row] for row in rows]
            self._sheet = Sheet(captions, self._size, self._style.border)
        return self._sheet.compose([[image for _, image in row] for row in rows])

    def _rows(self, frame: SheetFrame) -> list[list[_Panel]]:
        if self._kind == "default":
            return [self._plain_row(frame)]
        if frame.diagnostics is None:
            raise ValueError(f"{self._kind} sheet: expected a frame with diagnostics, found none")
        rows = [self._detailed_row(frame, frame.diagnostics)]
        if self._kind == "full":
            rows += self._motion_rows(frame.diagnostics, len(rows[0]))
        return rows

    def _plain_row(self, frame: SheetFrame) -> list[_Panel]:
        driving = frame.driving
        if driving is None:
            driving = self._dotted(self._dark, frame.kp_driving)
        return [
            (Caption("source"), self._source),
            (Caption("driving"), driving),
            (Caption("generated"), frame.generated),
        ]

    def _detailed_row(self, frame: SheetFrame, maps: Diagnostics) -> list[_Panel]:
        ground = self._dark if frame.driving is None else frame.driving
        driving = self._dotted(ground, frame.kp_driving)
        moved = self._dotted(frame.generated, frame.kp_generated)
        whole = [] if self._overview is None else [(Caption("picture"), self._overview)]
        row = [
            *whole,
            (Caption("source keypoints", "source"), self._dotted_source),
            (Caption("driving keypoints", "driving"), driving),
            (Caption("deformed source", "deformed"), picture(maps.deformed, self._size)),
            (Caption("generated keypoints", "keypoints"), moved),
            (Caption("generated"), frame.generated),
        ]
        if maps.occlusion_map is not None:
            occlusion = grey(maps.occlusion_map[0], self._size)
            row.append((Caption("occlusion map", "occlusion"), occlusion))
        return row

    def _motion_rows(self, maps: Diagnostics, columns: int) -> Iterator[list[_Panel]]:
        """Yield pairs of rows: warped sources, and below them their masks."""
        count = len(maps.mask)
        columns = max(columns, min(_MOST_COLUMNS, math.ceil(count / 2)))
        for first in range(0, count, columns):
            planes = range(first, min(first + columns, count))
            yield [self._warped(maps, plane) for plane in planes]
            yield [self._mask(maps, plane) for plane in planes]

    def _warped(self, maps: Diagnostics, plane: int) -> _Panel:
        color = self._plane_colors[plane]
        caption = Caption(f"keypoint {plane - 1}", color=color) if plane else Caption("background")
        return caption, picture(maps.sparse_deformed[plane], self._size)

    def _mask(self, maps: Diagnostics, plane: int) -> _Panel:
        ground = np.array(GROUND, np.float32)
        return Caption(""), heat(maps.mask[plane], self._plane_colors[plane], ground, self._size)

    def _dotted(self, image: ByteArray, keypoints: Keypoints) -> ByteArray:
        drawn = image.copy()
        radius = dot_radius(self._size, self._style.kp_size)
        paint_dots(drawn, keypoints, self._colors, radius)
        return drawn

    @cached_property
    def _colors(self) -> FloatArray:
        return keypoint_colors(len(self._kp_source), self._style.colormap)

    @cached_property
    def _plane_colors(self) -> FloatArray:
        """Colours of the K + 1 masks, the background first."""
        return np.vstack([_BACKGROUND, self._colors])

    @cached_property
    def _dark(self) -> ByteArray:
        return np.full((*self._size, 3), GROUND, np.uint8)

    @cached_property
    def _dotted_source(self) -> ByteArray:
        return self._dotted(self._source, self._kp_source)
