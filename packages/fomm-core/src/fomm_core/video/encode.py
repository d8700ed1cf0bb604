"""From RGB frames to what the video codecs take: YUV pictures, or palettes for GIFs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

import numpy as np
from av.container import OutputContainer
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from fomm_core.image import ByteArray

_SMPTE170M = 6  # the code of BT.601's matrix in H.273

# Viewers slow down GIFs whose frames last less than two hundredths of a second.
_FASTEST_GIF = Fraction(50)


@dataclass(frozen=True)
class Codec:
    """A video codec and its settings.

    Attributes:
        name: of the encoder.
        options: of the encoder.
        crf_offset: what to add to H.264's constant rate factor for the same quality.
    """

    name: str
    options: dict[str, str] = field(default_factory=dict)
    crf_offset: int = 0


class Encoding(Protocol):
    """Prepares frames for one stream of an output file."""

    stream: VideoStream

    def prepare(self, frame: ByteArray, number: int) -> VideoFrame | None:
        """Turn frame ``number``, (H, W, 3) uint8 RGB, into a picture with its time stamp.

        Returns:
            The picture for :attr:`stream`, or ``None`` where this frame is left out.
        """


class YuvEncoding:
    """Pictures in yuv420p by BT.601's matrix, limited range, tagged so.

    Readers that ignore the tags assume just that, at least at small sizes. An odd side is
    made even by repeating its last row or column.

    Args:
        container: the file to add a stream to.
        codec: of the stream.
        size: (height, width) of the frames, in pixels.
        rate: frames per second.
        crf: constant rate factor on the scale of H.264.
    """

    def __init__(
        self,
        container: OutputContainer,
        codec: Codec,
        size: tuple[int, int],
        rate: Fraction,
        crf: int,
    ) -> None:
        height, width = (side + side % 2 for side in size)
        options = {**codec.options, "crf": str(crf + codec.crf_offset)}
        self.stream = _add_stream(container, codec.name, (height, width), rate, options)
        self.stream.pix_fmt = "yuv420p"
        # The cores are left to the networks; at these sizes a thread is enough.
        self.stream.thread_count = 1
        context = self.stream.codec_context
        context.color_range = ColorRange.MPEG
        context.colorspace = _SMPTE170M
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        self._reformatter = VideoReformatter()
        self._time_base = 1 / rate

    def prepare(self, frame: ByteArray, number: int) -> VideoFrame | None:
        """Convert a frame; none is left out."""
        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = self._reformatter.reformat(
            VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        picture.pts, picture.time_base = number, self._time_base
        return picture


class GifEncoding:
    """Pictures with a palette of their own, at 50 frames per second at most.

    Args:
        container: the file to add a stream to.
        codec: of the stream.
        size: (height, width) of the frames, in pixels.
        rate: frames per second; of faster videos some frames are left out.
    """

    def __init__(
        self, container: OutputContainer, codec: Codec, size: tuple[int, int], rate: Fraction
    ) -> None:
        self._rate = min(rate, _FASTEST_GIF)
        self._ratio = self._rate / rate
        self._last = -1
        self.stream = _add_stream(container, codec.name, size, self._rate, codec.options)
        self.stream.pix_fmt = "pal8"
        self._graph = _palette_graph(size, 1 / self._rate)

    def prepare(self, frame: ByteArray, number: int) -> VideoFrame | None:
        """Choose a palette and dither; see :class:`Encoding`."""
        slot = math.floor(number * self._ratio)
        if slot == self._last:
            return None
        self._last = slot
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture.pts, picture.time_base = slot, 1 / self._rate
        self._graph.vpush(picture)
        return self._graph.vpull()


def _palette_graph(size: tuple[int, int], time_base: Fraction) -> Graph:
    """Build the filters that give each frame a palette."""
    graph = Graph()
    source = graph.add_buffer(
        width=size[1], height=size[0], format=VideoFormat("rgb24"), time_base=time_base
    )
    split, sink = graph.add("split"), graph.add("buffersink")
    palette = graph.add("palettegen", "stats_mode=single")
    dither = graph.add("paletteuse", "new=1")
    source.link_to(split)
    split.link_to(dither, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(dither, 0, 1)
    dither.link_to(sink)
    graph.configure()
    return graph


def _add_stream(
    container: OutputContainer,
    codec: str,
    size: tuple[int, int],
    rate: Fraction,
    options: dict[str, str],
) -> VideoStream:
    stream = container.add_stream(codec, rate=rate, options=options)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{codec}: expected a video codec")
    stream.height, stream.width = size
    return stream
