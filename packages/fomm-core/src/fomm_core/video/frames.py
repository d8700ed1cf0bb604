"""Decoded pictures as RGB frames of one size, whatever becomes of their size on the way."""

from __future__ import annotations

from fractions import Fraction

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from fomm_core.image import ByteArray, fit
from fomm_core.video.layout import Layout


class RgbFrames:
    """Converts the pictures of one stream to RGB at the size of the first.

    A picture of another size, as of a phone that was turned while recording, is scaled and cut
    to that of the first; its proportions stay.

    Args:
        pixel_aspect: width of a pixel divided by its height, ``None`` where not stated.
        reduction: by which the sides are divided, see :meth:`VideoReader.reduced`.
    """

    def __init__(self, pixel_aspect: Fraction | None, reduction: int = 1) -> None:
        self._pixel_aspect = pixel_aspect
        self._reduction = reduction
        self._reformatter = VideoReformatter()
        self._form: tuple[int, int, str] | None = None
        self._layout: Layout | None = None
        self._size: tuple[int, int] | None = None

    def to_rgb(self, picture: VideoFrame) -> ByteArray:
        """Return the picture as (H, W, 3) uint8 RGB."""
        form = (picture.width, picture.height, picture.format.name)
        if self._layout is None or form != self._form:
            self._form = form
            self._layout = Layout.of(picture, self._pixel_aspect, self._reduction)
        self._size = self._size or self._layout.size
        frame = self._layout.to_rgb(picture, self._reformatter)
        return frame if self._layout.size == self._size else fit(frame, self._size)
