"""Pictures with an ICC profile as sRGB, by LittleCMS (Pillow's ``ImageCms``)."""

from __future__ import annotations

import logging
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsProfile, ImageCmsTransform

logger = logging.getLogger(__name__)

# Colour space of a profile -> modes of pictures that it may describe, without and with opacity.
_MODES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L", "LA"), "CMYK": ("CMYK", "CMYK")}
_GREY = ("1", "L", "LA", "La")


def to_srgb(image: Image, profile: bytes, name: str) -> Image:
    """Convert a picture to sRGB with the profile's own rendering of colours (perceptual).

    A damaged profile, or one of another kind of picture, is left aside with one warning.

    Args:
        image: 8 bits a channel; opacity is kept.
        profile: of ICC, as embedded in the file.
        name: of the file, for the warning.

    Returns:
        RGB or RGBA; ``image`` itself where the profile is sRGB's or left aside.
    """
    from PIL import ImageCms

    try:
        return _converted(image, ImageCms.ImageCmsProfile(BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        _warn_once(name, " ".join(str(error).split()))
        return image


@lru_cache(maxsize=256)
def _warn_once(name: str, reason: str) -> None:
    """Name a file once, however many of its frames are read."""
    logger.warning("%s: its colour profile is left aside, sRGB assumed: %s", name, reason)


def lab_to_srgb(image: Image) -> Image:
    """Convert a picture in CIELAB, which Pillow's own ``convert`` does not take, to RGB."""
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return _transform(lab, "LAB", "RGB").apply(image)


def _converted(image: Image, profile: ImageCmsProfile) -> Image:
    """Raise ValueError where the profile is not one of such pictures."""
    space = profile.profile.xcolor_space.strip()
    plain, clear = _MODES.get(space, ("", ""))
    is_cmyk, is_grey = image.mode == "CMYK", image.mode in _GREY
    if not plain or is_cmyk != (space == "CMYK") or (space == "GRAY" and not is_grey):
        raise ValueError(f"a profile of {space} does not fit a picture in mode {image.mode}")
    mode = clear if image.has_transparency_data else plain
    base = image if image.mode == mode else image.convert(mode)
    if mode == "LA":
        converted = _transform(profile, "L", "RGB").apply(base.getchannel("L"))
        converted.putalpha(base.getchannel("A"))
        return converted
    transform = _transform(profile, mode, "RGBA" if mode == "RGBA" else "RGB")
    if mode in ("RGB", "RGBA") and _changes_nothing(transform, mode):
        return image
    return transform.apply(base)


def _transform(profile: ImageCmsProfile, mode: str, target: str) -> ImageCmsTransform:
    from PIL import ImageCms

    srgb = ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(profile, srgb, mode, target)


def _changes_nothing(transform: ImageCmsTransform, mode: str) -> bool:
    """Whether it moves no colour by more than rounding: one of the many profiles of sRGB."""
    from PIL import Image

    steps = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(len(steps), -1, 3)
    found = np.asarray(transform.apply(Image.fromarray(cube).convert(mode)))[:, :, :3]
    return bool(np.abs(found.astype(np.int16) - cube).max() <= 1)
