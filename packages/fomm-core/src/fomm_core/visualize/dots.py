"""Keypoints drawn as anti-aliased dots, one colour per keypoint."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fomm_core.errors import ConfigError
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray, Keypoints

# Brightness of red, green and blue (ITU-R BT.601): darker dots get a light outline.
_BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)
_DARK = 60.0

DEFAULT_COLORMAP = "gist_rainbow"
"""Of the published configurations; the only one that needs no matplotlib."""

# From pink over red, yellow, green, cyan and blue to magenta: red, green and blue at each stop.
_STOPS = (0.0, 0.03, 0.215, 0.4, 0.586, 0.77, 0.954, 1.0)
_LEVELS = (
    (1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0),
    (0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    (0.16, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.75),
)


def draw_keypoints(
    image: ByteArray,
    keypoints: Keypoints,
    *,
    colormap: str = DEFAULT_COLORMAP,
    radius: float | None = None,
    border: bool = True,
) -> ByteArray:
    """Return a copy of an image with a dot at each keypoint.

    Keypoints outside the image, and those that are not finite, are left out.

    Args:
        image: (H, W, 3) uint8, RGB.
        keypoints: K keypoints in [-1, 1] of that image.
        colormap: name of a matplotlib colour map; keypoint 0 has its first colour.
        radius: of a dot in pixels; by default that of :func:`dot_radius`.
        border: also draw a thin dark outline (light around dark dots), which keeps dots
            visible on any ground.

    Raises:
        ConfigError: no colour map has that name.
    """
    drawn = image.copy()
    size = dot_radius(image.shape[:2]) if radius is None else radius
    paint_dots(drawn, keypoints, keypoint_colors(len(keypoints), colormap), size, border)
    return drawn


def keypoint_colors(count: int, colormap: str = DEFAULT_COLORMAP) -> FloatArray:
    """Return ``count`` colours spread evenly over a matplotlib colour map.

    Returns:
        (count, 3) float32 RGB in [0, 255].

    Raises:
        ConfigError: no colour map has that name, or matplotlib, which knows it, is missing.
    """
    shares = np.linspace(0, 1, count)
    if colormap == DEFAULT_COLORMAP:
        return _rainbow(shares)
    try:
        from matplotlib import colormaps
    except ImportError as error:
        raise ConfigError(
            f"visualizer_params.colormap: expected {DEFAULT_COLORMAP}, or matplotlib to be "
            f"installed, found {colormap!r}; pip install matplotlib"
        ) from error
    if colormap not in colormaps:
        raise ConfigError(
            f"visualizer_params.colormap: expected the name of a matplotlib colour map "
            f"such as {DEFAULT_COLORMAP}, found {colormap!r}"
        )
    return np.asarray(colormaps[colormap](shares)[:, :3] * 255, np.float32)


def _rainbow(shares: npt.NDArray[np.float64]) -> FloatArray:
    """Colours of the default map, in the 256 steps that matplotlib has of it."""
    steps = np.minimum((shares * 256).astype(int), 255) / 255
    channels = [np.interp(steps, _STOPS, levels) for levels in _LEVELS]
    return np.asarray(np.stack(channels, axis=1) * 255, np.float32)


def dot_radius(size: tuple[int, ...], kp_size: float = 5.0) -> float:
    """Return the radius in pixels of a dot on a frame of ``size`` (height, width).

    Args:
        size: of the frame, in pixels.
        kp_size: radius on a frame of 256 pixels, as in the configuration; it shrinks and
            grows with the frame, but not below what the eye still finds.
    """
    return max(1.75, kp_size * min(size) / 256)


def paint_dots(
    image: ByteArray, keypoints: Keypoints, colors: FloatArray, radius: float, border: bool = True
) -> None:
    """Paint dots into an image in place; see :func:`draw_keypoints`."""
    height, width = image.shape[:2]
    last_pixel = np.array([width - 1, height - 1], np.float64)
    places = (keypoints.value + 1) / 2 * last_pixel
    outline = max(1.0, 0.3 * radius) if border else 0.0
    for place, color in zip(places, colors, strict=True):
        if np.isfinite(place).all():
            paint_dot(image, float(place[0]), float(place[1]), color, radius, outline)


def paint_dot(
    image: ByteArray, x: float, y: float, color: FloatArray, radius: float, outline: float = 0.0
) -> None:
    """Paint one disc centred on (x, y) pixels, its edge covering pixels partly."""
    reach = radius + outline + 1
    top, bottom = _span(y, reach, image.shape[0])
    left, right = _span(x, reach, image.shape[1])
    patch = image[top:bottom, left:right]
    if patch.size == 0:
        return
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    columns = np.arange(left, right, dtype=np.float32)
    distance = np.hypot(columns - x, rows - y)[..., None]
    mixed = patch.astype(np.float32)
    if outline:
        edge = 255.0 if color @ _BRIGHTNESS < _DARK else 0.0
        mixed += np.clip(radius + outline + 0.5 - distance, 0, 1) * (edge - mixed)
    mixed += np.clip(radius + 0.5 - distance, 0, 1) * (color - mixed)
    patch[...] = np.rint(mixed)


def _span(centre: float, reach: float, extent: int) -> tuple[int, int]:
    """Return the half-open range of pixels within ``reach`` of ``centre``, cut to the image."""
    first = min(max(0, int(centre - reach)), extent)
    return first, max(first, min(extent, int(centre + reach) + 2))
