"""Backgrounds, painted once for each identity."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.drawn.identity import Background
from fomm_train.synthetic.drawn.palette import Colour, darker, lighter, mix
from fomm_train.synthetic.draws import Draw

_COARSE = 24

Painter = Callable[[ImageDraw.ImageDraw, int, Background, Draw], None]


def paint_background(background: Background, side: int) -> Image.Image:
    """Paint a background.

    Args:
        background: what to paint.
        side: width and height in pixels.

    Returns:
        An RGB image of ``side`` by ``side`` pixels.
    """
    draw = Draw(make_rng(background.seed))
    image = _gradient(background, side, draw)
    painter = _PAINTERS.get(background.style)
    if painter is not None:
        painter(ImageDraw.Draw(image, "RGBA"), side, background, draw)
    return image


def _gradient(background: Background, side: int, draw: Draw) -> Image.Image:
    """A smooth blend of the first two colours, along a line or around a point."""
    y, x = np.mgrid[0:_COARSE, 0:_COARSE] / (_COARSE - 1.0)
    if background.style in ("glow", "bokeh", "rays"):
        share = np.hypot(x - draw.uniform(0.3, 0.7), y - draw.uniform(0.2, 0.5)) * 1.2
    else:
        angle = draw.uniform(0.25, 0.75) * math.pi
        share = 0.5 + (x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle)
    share = np.clip(share, 0.0, 1.0)[:, :, None]
    first, second = (np.array(colour, float) for colour in background.colours[:2])
    coarse = (first + (second - first) * share + 0.5).astype(np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BILINEAR)


def _veil(colour: Colour, alpha: float) -> tuple[int, int, int, int]:
    return (*colour, round(alpha * 255))


def _stripes(canvas: ImageDraw.ImageDraw, side: int, background: Background, draw: Draw) -> None:
    angle = draw.uniform(0.0, math.pi)
    along = np.array([math.cos(angle), math.sin(angle)]) * side
    across = np.array([-along[1], along[0]])
    period = draw.uniform(0.16, 0.34)
    paint = _veil(background.colours[2], draw.uniform(0.18, 0.5))
    middle = np.array([side / 2, side / 2])
    for start in np.arange(-0.8, 0.8, period):
        edges = [middle + across * (start + part * period) for part in (0.0, 0.5)]
        corners = [edges[0] - along, edges[0] + along, edges[1] + along, edges[1] - along]
        canvas.polygon(np.concatenate(corners).tolist(), fill=paint)


def _dots(canvas: ImageDraw.ImageDraw, side: int, background: Background, draw: Draw) -> None:
    period = draw.uniform(0.14, 0.24) * side
    radius = period * draw.uniform(0.18, 0.34)
    paint = _veil(background.colours[2], draw.uniform(0.3, 0.7))
    for row in range(int(side / period) + 2):
        for column in range(int(side / period) + 2):
            x, y = (column + 0.5 * (row % 2)) * period, row * period
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=paint)


def _hills(canvas: ImageDraw.ImageDraw, side: int, background: Background, draw: Draw) -> None:
    x, y, radius = draw.uniform(0.1, 0.9), draw.uniform(0.12, 0.3), draw.uniform(0.07, 0.12)
    sun = tuple(v * side for v in (x - radius, y - radius, x + radius, y + radius))
    canvas.ellipse(sun, fill=lighter(background.colours[2], 0.5))
    across = np.linspace(0.0, 1.0, 24)
    for step in range(3):
        base, waves = 0.5 + 0.16 * step, draw.uniform(1.0, 2.4)
        height = draw.uniform(0.04, 0.1) * np.sin(
            waves * math.tau * across + draw.uniform(0, math.tau)
        )
        ridge = np.stack([across, base + height], axis=1) * side
        paint = darker(mix(background.colours[1], background.colours[2], 0.5), 0.12 + 0.16 * step)
        canvas.polygon([*ridge.ravel().tolist(), side, side, 0, side], fill=paint)


def _bokeh(canvas: ImageDraw.ImageDraw, side: int, background: Background, draw: Draw) -> None:
    for _ in range(draw.whole(7, 12)):
        x, y, radius = draw.uniform(0, 1), draw.uniform(0, 1), draw.uniform(0.04, 0.16)
        box = tuple(v * side for v in (x - radius, y - radius, x + radius, y + radius))
        colour = lighter(background.colours[draw.whole(0, 2)], draw.uniform(0.0, 0.6))
        canvas.ellipse(box, fill=_veil(colour, draw.uniform(0.25, 0.6)))


def _rays(canvas: ImageDraw.ImageDraw, side: int, background: Background, draw: Draw) -> None:
    count, x, y = draw.whole(8, 14), draw.uniform(0.3, 0.7), draw.uniform(0.3, 0.6)
    turn = draw.uniform(0.0, math.tau)
    paint = _veil(background.colours[2], draw.uniform(0.2, 0.5))
    for ray in range(count):
        points = [x * side, y * side]
        for part in (0.0, 0.5):
            angle = turn + (ray + part) * math.tau / count
            points += [(x + 2 * math.cos(angle)) * side, (y + 2 * math.sin(angle)) * side]
        canvas.polygon(points, fill=paint)


def _window(canvas: ImageDraw.ImageDraw, side: int, background: Background, draw: Draw) -> None:
    left = draw.choice((draw.uniform(-0.1, 0.12), draw.uniform(0.5, 0.72)))
    box = np.array([left, 0.08, left + 0.4, 0.62]) * side
    bar = 0.022 * side
    frame = lighter(background.colours[0], 0.75)
    canvas.rectangle(box.tolist(), fill=frame)
    sky = lighter(background.colours[2], 0.35)
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for x0, x1 in ((box[0], middle_x), (middle_x, box[2])):
        for y0, y1 in ((box[1], middle_y), (middle_y, box[3])):
            canvas.rectangle((x0 + bar, y0 + bar, x1 - bar, y1 - bar), fill=sky)
    floor = round(draw.uniform(0.72, 0.8) * side)
    canvas.rectangle((0, floor, side, side), fill=darker(background.colours[1], 0.25))


_PAINTERS: dict[str, Painter] = {
    "stripes": _stripes,
    "dots": _dots,
    "hills": _hills,
    "bokeh": _bokeh,
    "rays": _rays,
    "window": _window,
}
