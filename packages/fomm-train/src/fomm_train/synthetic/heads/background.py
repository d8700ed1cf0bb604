"""Backgrounds, painted once for each identity."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.colour import Array, toned

BACKGROUNDS = (
    "plain", "radial", "blobs", "bokeh", "room", "stripes", "noise", "books", "window",
)  # fmt: skip
_WEIGHTS = (0.14, 0.12, 0.16, 0.12, 0.16, 0.05, 0.08, 0.1, 0.07)


def paint_background(seed: int, size: int) -> FloatArray:
    """Paint a background.

    Args:
        seed: of what it shows.
        size: height and width in pixels.

    Returns:
        (size, size, 3) float32 in [0, 1], sRGB.
    """
    draw = Draw(make_rng(seed, "head background"))
    canvas = _Canvas(draw, size)
    blur = draw.uniform(0.5, 5) * size / 256
    blur *= _PAINTERS[draw.choice(BACKGROUNDS, _WEIGHTS)](canvas, draw)
    image = gaussian_filter(canvas.image, (blur, blur, 0), mode="nearest")
    if draw.chance(0.5):
        grain = _enlarged(draw.stream.normal(size=(size // 2, size // 2, 1)), size)
        image = image + grain * draw.uniform(0, 0.03)
    painted: FloatArray = np.clip(image, 0, 1).astype(np.float32)
    return painted


class _Canvas:
    """A picture that begins as a slope from one colour to another.

    Attributes:
        image: (S, S, 3) of it, changed in place or replaced.
        first, second: both colours.
        slope: (S, S), place along the slope.
    """

    def __init__(self, draw: Draw, size: int) -> None:
        self.size = size
        self.first, self.second = _colours(draw)
        self.y, self.x = np.mgrid[0:size, 0:size] / size - 0.5
        angle = draw.uniform(0, math.tau)
        self.slope: Array = self.x * math.cos(angle) + self.y * math.sin(angle)
        self.image = self.blend(np.clip(self.slope + 0.5, 0, 1))

    def blend(self, share: Array) -> Array:
        """A picture that goes from the first to the second colour."""
        blended: Array = self.first + (self.second - self.first) * share[..., None]
        return blended

    def rectangle(self, corners: tuple[float, float, float, float], colour: Array) -> None:
        """Fill a rectangle (left, top, right, bottom), in sizes of the picture."""
        left, top, right, bottom = (int(corner * self.size) for corner in corners)
        left, right = sorted((left, right))
        top, bottom = sorted((top, bottom))
        self.image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour


def _colours(draw: Draw) -> tuple[Array, Array]:
    """Two colours that go together."""
    first = np.clip(draw.uniform(0.04, 0.9) + draw.stream.normal(size=3) * 0.25, 0.01, 1)
    if draw.chance(0.5):
        first = np.full(3, first.mean()) * (1 + draw.stream.normal(size=3) * 0.08)
    first = np.clip(toned(first, draw.uniform(0.1, 0.55)), 0.02, 0.97)
    second = first * draw.uniform(0.3, 1.8) + draw.stream.normal(size=3) * 0.06
    return first, np.clip(second, 0, 1)


def _enlarged(image: Array, size: int) -> Array:
    """A picture (H, W, C) brought to ``size`` pixels, smoothly."""
    channels = [
        Image.fromarray(channel.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC)
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack([np.asarray(channel, np.float64) for channel in channels], axis=-1)


def _plain(canvas: _Canvas, draw: Draw) -> float:
    return 1.0


def _radial(canvas: _Canvas, draw: Draw) -> float:
    middle = draw.uniform(-0.3, 0.3), draw.uniform(-0.3, 0.3)
    far = np.hypot(canvas.x - middle[0], canvas.y - middle[1])
    canvas.image = canvas.blend(np.clip(far * 1.5, 0, 1))
    return 1.0


def _blobs(canvas: _Canvas, draw: Draw) -> float:
    count = draw.whole(3, 9)
    cells = draw.stream.normal(size=(count, count, 3))
    cells = 0.3 * cells + 1.12 * cells.mean(axis=2, keepdims=True)
    canvas.image = canvas.image + _enlarged(cells, canvas.size) * draw.uniform(0.04, 0.2)
    return 0.6


def _noise(canvas: _Canvas, draw: Draw) -> float:
    count = draw.whole(16, 63)
    cells = draw.stream.normal(size=(count, count, 1)) * 1.5
    canvas.image = canvas.image + _enlarged(cells, canvas.size) * draw.uniform(0.04, 0.2)
    return 0.6


def _bokeh(canvas: _Canvas, draw: Draw) -> float:
    canvas.image = canvas.image * 0.4
    for _ in range(draw.whole(10, 59)):
        colour = np.array([1.0, 0.85, 0.6]) * draw.stream.random() + draw.stream.random(3) * 0.3
        x, y = draw.uniform(-0.5, 0.5), draw.uniform(-0.5, 0.5)
        radius = draw.uniform(0.015, 0.07)
        edge = (radius - np.hypot(canvas.x - x, canvas.y - y)) * canvas.size + 0.5
        disc = np.clip(edge, 0, 1)[..., None]
        canvas.image = canvas.image + disc * colour * draw.uniform(0.1, 0.6)
    return 0.9


def _room(canvas: _Canvas, draw: Draw) -> float:
    _walls(canvas, draw)
    return _slanted_light(canvas, draw)


def _walls(canvas: _Canvas, draw: Draw) -> None:
    for _ in range(draw.whole(1, 4)):
        corners = (
            draw.uniform(-0.2, 1.1),
            draw.uniform(-0.2, 1.0),
            draw.uniform(0, 1.2),
            draw.uniform(0.2, 1.3),
        )
        colour = canvas.first * draw.uniform(0.4, 1.6) + draw.stream.normal(size=3) * 0.08
        canvas.rectangle(corners, np.clip(colour, 0, 1))


def _slanted_light(canvas: _Canvas, draw: Draw) -> float:
    canvas.image = canvas.image * (1 + 0.35 * canvas.slope * draw.uniform(-1, 1))[..., None]
    return 1.0


def _books(canvas: _Canvas, draw: Draw) -> float:
    _walls(canvas, draw)
    for _ in range(draw.whole(2, 4)):
        x, y = 0.0, draw.uniform(0, 1)
        while x < 1:
            width = draw.uniform(0.02, 0.08)
            book = x, y - draw.uniform(0.1, 0.2), x + width, y
            canvas.rectangle(book, toned(draw.stream.random(3), 0.5) * 0.8)
            x += width * draw.uniform(1, 1.3)
        canvas.rectangle((0, y, 1, y + 0.02), canvas.first * 0.5)
    return _slanted_light(canvas, draw)


def _window(canvas: _Canvas, draw: Draw) -> float:
    _walls(canvas, draw)
    x, width = draw.uniform(-0.1, 0.7), draw.uniform(0.2, 0.5)
    pane = x, draw.uniform(-0.1, 0.2), x + width, draw.uniform(0.5, 0.9)
    sky = np.clip(np.array([0.95, 0.97, 1.0]) * draw.uniform(0.8, 1.3), 0, 1)
    canvas.rectangle(pane, sky)
    canvas.rectangle((x + width * 0.48, -0.1, x + width * 0.52, 1), canvas.first * 0.6)
    return _slanted_light(canvas, draw)


def _stripes(canvas: _Canvas, draw: Draw) -> float:
    bars = np.sin(canvas.slope * draw.uniform(20, 140)) > draw.uniform(-0.5, 0.5)
    change = (canvas.second - canvas.first) * 0.6
    canvas.image = canvas.image + bars[..., None] * change
    return 1.0


_PAINTERS: dict[str, Callable[[_Canvas, Draw], float]] = {
    "plain": _plain,
    "radial": _radial,
    "blobs": _blobs,
    "bokeh": _bokeh,
    "room": _room,
    "stripes": _stripes,
    "noise": _noise,
    "books": _books,
    "window": _window,
}
"""Painters by name; each returns a factor of the blur."""
