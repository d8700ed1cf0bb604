"""Advice to the person before the camera, measured from its frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fomm_core.face.crop import Crop
from fomm_core.image import ByteArray
from fomm_core.live.frame import Hint

_SMALLEST_SHARE = 0.3
"""Side of the face's square, as a share of the frame's shorter side, that is too small."""

_LARGEST_SHARE = 1.25
_DARKEST = 55
"""Mean brightness of the face's square, 0..255, that is too dark."""

_STEP = 8


def hints_for(frame: ByteArray, square: Crop | None, driving: ByteArray) -> tuple[Hint, ...]:
    """Advice for one frame, the most pressing first.

    Args:
        frame: (H, W, 3) uint8, of the camera.
        square: of the face in it; ``None`` where nothing is cropped.
        driving: (h, w, 3) uint8, what was cut out.
    """
    return tuple(_measured(frame, square, driving))


def _measured(frame: ByteArray, square: Crop | None, driving: ByteArray) -> Iterator[Hint]:
    if float(np.mean(driving[::_STEP, ::_STEP])) < _DARKEST:
        yield "more light"
    if square is None:
        return
    share = square.side / min(frame.shape[:2])
    if share < _SMALLEST_SHARE:
        yield "move closer"
    elif share > _LARGEST_SHARE:
        yield "move back"
