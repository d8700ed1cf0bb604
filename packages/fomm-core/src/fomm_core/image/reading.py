"""Reading still pictures as sRGB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fomm_core.colour import profiles, standards
from fomm_core.colour.conversion import on_white
from fomm_core.image.arrays import ByteArray
from fomm_core.image.opening import open_picture

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST_GAMMA, _SAME_GAMMA = 0.05, 0.05
"""The least exponent that is believed; a share by which one may differ from sRGB's 1 / 2.2."""


def read_image(path: str | Path) -> ByteArray:
    """Read a picture of any common kind as sRGB.

    Grey, palette, CMYK and 16-bit pictures are converted, those with an ICC profile by it (a
    damaged one is left aside with a warning), other PNGs by their gamma, but not by their chunks
    ``cHRM`` and ``cICP``; transparent ones are laid on white; a rotation stored in EXIF is
    applied; of an animation the first frame is taken.

    Args:
        path: a PNG, JPEG, BMP, TIFF, WebP, GIF, PNM, TGA, JPEG 2000, AVIF or ICO file. The
            content decides, not the ending.

    Returns:
        (H, W, 3) uint8, sRGB.

    Raises:
        MediaError: there is no such file, it is empty, damaged or no picture, or it has more
            than :data:`~fomm_core.image.MAX_PIXELS` pixels.
    """
    with open_picture(Path(path)) as image:
        return to_rgb(image, str(path))


def picture_size(path: str | Path) -> tuple[int, int]:
    """(height, width) of a picture in pixels, from its header alone.

    It is the size as stored; a rotation in EXIF, which :func:`read_image` applies, is not.

    Raises:
        MediaError: as of :func:`read_image`, but for damage behind the header.
    """
    with open_picture(Path(path)) as image:
        return image.height, image.width


def _check_palette(image: Image) -> None:
    """Raise ValueError for indexed colours without a palette, which Pillow takes for granted."""
    image.load()  # some formats read it only now
    if image.mode in ("P", "PA") and image.palette is None:
        raise ValueError("no palette")


def to_rgb(image: Image, name: str) -> ByteArray:
    """Convert a picture that Pillow has opened, as :func:`read_image` does.

    Args:
        image: of any mode, whose size was checked.
        name: of the picture, for warnings.

    Returns:
        (H, W, 3) uint8, sRGB.

    Raises:
        OSError, ValueError, SyntaxError: its data are damaged.
    """
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(image, in_place=True)
    _check_palette(image)
    profile, curve = image.info.get("icc_profile"), _curve_of(image.info)
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(_wide_to_bytes(np.asarray(image)))
    if image.mode == "LAB":
        image = profiles.lab_to_srgb(image)
    elif profile:
        image = profiles.to_srgb(image, profile, name)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    pixels = np.array(image if image.mode == mode else image.convert(mode))
    if curve is not None:
        pixels[..., :3] = curve[pixels[..., :3]]
    return on_white(pixels) if mode == "RGBA" else pixels


def _curve_of(info: Mapping[Any, Any]) -> ByteArray | None:
    """Values in sRGB for those of a PNG by its chunk ``gAMA``; ``None`` where that says nothing.

    A profile, or the chunk ``sRGB``, goes before; gammas near sRGB's own are meant for it.
    """
    gamma = info.get("gamma")
    if gamma is None or "icc_profile" in info or "srgb" in info:
        return None
    if not _LEAST_GAMMA < gamma < 1 / _LEAST_GAMMA or abs(gamma * 2.2 - 1) < _SAME_GAMMA:
        return None
    light = (np.arange(256) / 255) ** (1 / gamma)
    return (standards.to_signal(standards.SRGB_CURVE)(light) * 255 + 0.5).astype(np.uint8)


def _wide_to_bytes(grey: npt.NDArray[Any]) -> ByteArray:
    """Scale 16-bit, 32-bit and floating-point grey values to bytes.

    Whole numbers are taken for 16-bit ones; floating ones for [0, 1], or for [0, 255] where
    a value exceeds 1.
    """
    if np.issubdtype(grey.dtype, np.integer):
        high = np.clip(grey, 0, 65535) >> 8
        return high.astype(np.uint8, copy=False)
    values = np.nan_to_num(grey.astype(np.float32))
    top = np.float32(1.0 if values.max(initial=0.0) <= 1.0 else 255.0)
    return (np.clip(values / top, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
