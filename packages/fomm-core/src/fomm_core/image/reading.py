"""Reading still pictures as sRGB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fomm_core.colour import profiles
from fomm_core.colour.conversion import on_white
from fomm_core.image.arrays import ByteArray
from fomm_core.image.opening import open_picture

if TYPE_CHECKING:
    from PIL.Image import Image


def read_image(path: str | Path) -> ByteArray:
    """Read a picture of any common kind as sRGB.

    Grey, palette, CMYK and 16-bit pictures are converted, those with an ICC profile by it (a
    damaged one is left aside with a warning); transparent ones are laid on white; a rotation
    stored in EXIF is applied; of an animation the first frame is taken.

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
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(_wide_to_bytes(np.asarray(image)))
    if image.mode == "LAB":
        image = profiles.lab_to_srgb(image)
    elif profile:
        image = profiles.to_srgb(image, profile, name)
    if image.has_transparency_data:
        return on_white(np.asarray(image.convert("RGBA")))
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


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
