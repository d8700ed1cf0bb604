"""Augmentation of a pair: flips, sizes, parts and colours, the same for both frames.

Everything works on (..., 3, H, W) float32 in [0, 1], RGB, and keeps that range. The colour
changes are those of torchvision's ``ColorJitter``, whose names the configuration uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.config import AugmentationParams, FlipParams, JitterParams

Interpolation = Literal["nearest", "bilinear"]
Property = Literal["brightness", "contrast", "saturation", "hue"]

_PROPERTIES: tuple[Property, ...] = ("brightness", "contrast", "saturation", "hue")
_GREY = np.array([0.2989, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class ColourChange:
    """One change of colours.

    Attributes:
        kind: what is changed.
        amount: the factor (1 changes nothing), or for the hue the shift in turns of the
            colour circle (0 changes nothing).
    """

    kind: Property
    amount: float

    def apply(self, image: FloatArray) -> FloatArray:
        """Return the image changed."""
        return _ADJUSTMENTS[self.kind](image, self.amount)


@dataclass(frozen=True)
class ResizedCrop:
    """Change of size, and a part of what comes of it.

    Attributes:
        size: (height, width) of the part, in pixels.
        place: of the part, (down, right), as shares in [0, 1) of the places there are.
        scale: factor of the size.
        interpolation: between pixels.
    """

    size: tuple[int, int]
    place: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    interpolation: Interpolation = "nearest"

    def apply(self, frames: FloatArray) -> FloatArray:
        """Return (..., H, W) frames of :attr:`size`; small ones are padded by their edges."""
        frames = resize(frames, self.scale, self.interpolation)
        room = [have - want for have, want in zip(frames.shape[-2:], self.size, strict=True)]
        lacks = [(max(0, -left) // 2, (max(0, -left) + 1) // 2) for left in room]
        frames = np.pad(frames, [(0, 0)] * (frames.ndim - 2) + lacks, mode="edge")
        top, left = (
            int(share * (max(0, rest) + 1)) for share, rest in zip(self.place, room, strict=True)
        )
        return frames[..., top : top + self.size[0], left : left + self.size[1]]


def resize(frames: FloatArray, scale: float, interpolation: Interpolation) -> FloatArray:
    """Scale (..., H, W) frames; sizes are rounded down, smaller ones are smoothed before.

    It gives the same as ``skimage.transform.resize`` with anti-aliasing, as the original
    implementation calls it.
    """
    from scipy import ndimage

    before = frames.shape[-2:]
    after = tuple(max(1, int(side * scale)) for side in before)
    if after == before:
        return frames
    whole = [1.0] * (frames.ndim - 2)
    factors = [old / new for old, new in zip(before, after, strict=True)]
    sigmas = [0.0] * len(whole) + [max(0.0, (factor - 1) / 2) for factor in factors]
    smooth = ndimage.gaussian_filter(frames, sigmas, mode="grid-constant")
    scaled: FloatArray = ndimage.zoom(
        smooth,
        whole + [1 / factor for factor in factors],
        order=0 if interpolation == "nearest" else 1,
        mode="grid-constant",
        grid_mode=True,
    )
    return scaled


@dataclass(frozen=True)
class Augmentation:
    """Augmentation of one pair.

    Attributes:
        time_flip: exchange the frames.
        horizontal_flip: exchange left and right.
        crop: change of size and part, if any.
        colours: changes of colours, in the order of their application.
    """

    time_flip: bool = False
    horizontal_flip: bool = False
    crop: ResizedCrop | None = None
    colours: tuple[ColourChange, ...] = ()

    def apply(self, frames: FloatArray) -> FloatArray:
        """Augment the frames of a pair alike.

        Args:
            frames: (2, 3, H, W) float32 in [0, 1].

        Returns:
            An array of the same kind, of the part's size where there is one; perhaps a view of
            the argument, which is not changed.
        """
        if self.time_flip:
            frames = frames[::-1]
        if self.horizontal_flip:
            frames = frames[..., ::-1]
        if self.crop is not None:
            frames = self.crop.apply(frames)
        for change in self.colours:
            frames = change.apply(frames)
        return frames


def draw_augmentation(params: AugmentationParams, random: np.random.Generator) -> Augmentation:
    """Draw what is done to one pair.

    As many numbers are drawn whatever is turned on, so that the flips do not depend on the
    strength of the jitter.
    """
    flips, order, strengths = random.random(2), random.permutation(4), random.uniform(-1, 1, 4)
    scale, down, right = random.random(3).tolist()
    flip_params = params.flip_param or FlipParams()
    jitter_params = params.jitter_param or JitterParams()
    changes = (_change(_PROPERTIES[i], jitter_params, float(strengths[i])) for i in order)
    return Augmentation(
        time_flip=flip_params.time_flip and bool(flips[0] < 0.5),
        horizontal_flip=flip_params.horizontal_flip and bool(flips[1] < 0.5),
        crop=_crop(params, scale, (down, right)),
        colours=tuple(change for change in changes if change is not None),
    )


def _crop(
    params: AugmentationParams, share: float, place: tuple[float, float]
) -> ResizedCrop | None:
    """Turn numbers in [0, 1) into the configured change of size and part, if there is one."""
    if params.crop_param is None:
        return None
    resizing = params.resize_param
    if resizing is None:
        return ResizedCrop(params.crop_param.size, place)
    low, high = resizing.ratio
    scale = low + share * (high - low)
    return ResizedCrop(params.crop_param.size, place, scale, resizing.interpolation)


def _change(kind: Property, params: JitterParams, strength: float) -> ColourChange | None:
    """Turn a number in [-1, 1] into a change of the configured strength, if there is one."""
    limit: float = getattr(params, kind)
    if limit == 0:
        return None
    if kind == "hue":
        return ColourChange(kind, strength * limit)
    low = max(0.0, 1.0 - limit)
    return ColourChange(kind, low + (strength + 1) / 2 * (1 + limit - low))


def adjust_brightness(image: FloatArray, factor: float) -> FloatArray:
    """Multiply by a factor, 0 or more; 0 gives black."""
    return _clipped(image * np.float32(factor))


def adjust_contrast(image: FloatArray, factor: float) -> FloatArray:
    """Blend with the mean grey value by a factor, 0 or more; 0 gives plain grey.

    The mean is that of all frames given, so that equal colours stay equal across a pair.
    """
    mean = np.float32(_grey(image).mean() * (1 - factor))
    return _clipped(image * np.float32(factor) + mean)


def adjust_saturation(image: FloatArray, factor: float) -> FloatArray:
    """Blend with the grey picture by a factor, 0 or more; 0 gives a grey picture."""
    grey = _grey(image)[..., None, :, :] * np.float32(1 - factor)
    return _clipped(image * np.float32(factor) + grey)


def adjust_hue(image: FloatArray, shift: float) -> FloatArray:
    """Turn the hues by a shift in [-0.5, 0.5], in turns of the colour circle.

    Value and saturation (of HSV) stay as they are. The way there and back through HSV by
    scikit-image gives the same to 1e-6, but takes eight times as long (32 instead of 4 ms of one
    core for a pair of 256x256).
    """
    top = image.max(axis=-3)
    chroma = top - image.min(axis=-3)
    angle = _hue(image, top, chroma) + np.float32(6 * shift)
    turned = np.empty_like(image)
    for channel, offset in enumerate((5, 3, 1)):
        position = angle + np.float32(offset)
        position -= np.floor(position * np.float32(1 / 6)) * 6  # a modulo, five times as fast
        share = np.clip(np.minimum(position, 4 - position), np.float32(0), np.float32(1))
        np.subtract(top, chroma * share, out=turned[..., channel, :, :])
    return turned


def _hue(image: FloatArray, top: FloatArray, chroma: FloatArray) -> FloatArray:
    """Return the hue in sixths of the colour circle, -1 .. 5; 0 for grey."""
    red, green, blue = (image[..., channel, :, :] for channel in range(3))
    scale = 1 / np.where(chroma > 0, chroma, np.float32(1))
    hue = np.where(top == green, (blue - red) * scale + 2, (red - green) * scale + 4)
    return np.where(top == red, (green - blue) * scale, hue).astype(np.float32, copy=False)


def _grey(image: FloatArray) -> FloatArray:
    grey: FloatArray = np.einsum("c,...chw->...hw", _GREY, image)
    return grey


def _clipped(image: FloatArray) -> FloatArray:
    return np.clip(image, np.float32(0), np.float32(1), out=image)


_ADJUSTMENTS = {
    "brightness": adjust_brightness,
    "contrast": adjust_contrast,
    "saturation": adjust_saturation,
    "hue": adjust_hue,
}
