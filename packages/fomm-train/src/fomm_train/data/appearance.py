"""Changes of appearance that leave keypoints where they are: for training the detector alone.

Colours, light, sharpness, another background, things in front and noise, each drawn anew for
every frame. Positions are untouched, so that true keypoints and jacobians stay exact; what moves
them is in :mod:`fomm_train.losses.transforms`. Frames are (3, H, W) float32 in [0, 1], RGB.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fomm_core.motion.keypoints import FloatArray
from fomm_train.config import AppearanceParams, AugmentationParams
from fomm_train.data.augment import draw_augmentation

Rng = np.random.Generator

_LIGHTS = 3  # points along a side between which light changes smoothly
_COLOURS = 5  # the same of the colours of an invented background


def vary_appearance(
    frame: FloatArray, foreground: FloatArray, params: AppearanceParams, random: Rng
) -> FloatArray:
    """Show a frame as another camera, light and place might.

    Args:
        frame: (3, H, W); left as it is.
        foreground: (1, H, W) in [0, 1], 0 where the background may be exchanged.
        params: probabilities and strengths; what is 0 changes nothing.
        random: what all draws are from.
    """
    if random.random() < params.background:
        frame = frame * foreground + _background(frame, random) * (1 - foreground)
    if params.light:
        light = smooth_noise(random.standard_normal((1, _LIGHTS, _LIGHTS)), frame.shape[1:])
        frame = frame * np.exp(params.light * random.random() * light)
    jitter = AugmentationParams(jitter_param=params.jitter_param)
    for change in draw_augmentation(jitter, random).colours:
        frame = change.apply(np.clip(frame, 0, 1, dtype=np.float32))
    exponent = np.exp(params.gamma * random.uniform(-1, 1))
    frame = np.clip(frame, 1e-4, 1) ** np.float32(exponent)
    frame = _refocus(frame, params, random)
    for _ in range(2):
        if random.random() < params.occlusion:
            frame = _put_in_front(frame, random)
    noise = random.standard_normal(frame.shape, np.float32)
    frame = frame + noise * np.float32(params.noise * random.random() ** 2)
    varied: FloatArray = np.clip(frame, 0, 1, dtype=np.float32)
    return varied


def smooth_noise(values: npt.NDArray[np.floating[Any]], size: tuple[int, ...]) -> FloatArray:
    """Enlarge maps (C, h, w) smoothly to a size (H, W); (C, H, W) float32."""
    height, width = size
    images = (Image.fromarray(value.astype(np.float32)) for value in values)
    return np.stack(
        [np.asarray(i.resize((width, height), Image.Resampling.BICUBIC)) for i in images]
    )


def _background(frame: FloatArray, random: Rng) -> FloatArray:
    """Clouds of colours, or the frame itself upside down, out of focus."""
    if random.random() < 0.5:
        colours = smooth_noise(random.random((3, _COLOURS, _COLOURS)), frame.shape[1:])
        return np.clip(colours, 0, 1)
    return _blur(frame[:, ::-1], max(1, frame.shape[1] // 28))


def _refocus(frame: FloatArray, params: AppearanceParams, random: Rng) -> FloatArray:
    """Blur or sharpen a little, or make the frame as coarse as one of half the size."""
    if random.random() < params.coarse:
        _, height, width = frame.shape
        half = frame[:, : height // 2 * 2, : width // 2 * 2]
        half = half.reshape(3, height // 2, 2, width // 2, 2).mean((2, 4))
        frame = smooth_noise(half, (height, width))
    share = np.float32(params.focus * random.uniform(-0.6, 1))
    return frame + (_blur(frame, 1) - frame) * share


def _put_in_front(frame: FloatArray, random: Rng) -> FloatArray:
    """Cover a part by an ellipse or a rounded bar, plain or with a part of the frame itself."""
    cover = _superellipse(frame.shape[1:], random)
    plain = random.random((3, 1, 1)).astype(np.float32)
    filler = plain if random.random() < 0.5 else np.roll(frame[:, ::-1], frame.shape[2] // 3, 2)
    return frame + (filler - frame) * cover


def _superellipse(size: tuple[int, ...], random: Rng) -> FloatArray:
    """A soft mask (1, H, W) in [0, 1] of a tilted superellipse somewhere in the frame."""
    height, width = size
    centre, angle = random.uniform(-1, 1, 2), random.uniform(0, np.pi)
    radii = 0.08 + 0.3 * random.random(2) ** 1.5
    power = 2 if random.random() < 0.5 else 8
    x = np.linspace(-1, 1, width, dtype=np.float32)[None] - np.float32(centre[0])
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - np.float32(centre[1])
    along = (x * np.cos(angle) + y * np.sin(angle)) / radii[0]
    across = (y * np.cos(angle) - x * np.sin(angle)) / radii[1]
    distance = np.minimum(np.abs(along) ** power + np.abs(across) ** power, 10)
    mask: FloatArray = (1 / (1 + np.exp(8 * (distance - 1))))[None].astype(np.float32)
    return mask


def _blur(frame: FloatArray, radius: int) -> FloatArray:
    """Means over squares of 2 * radius + 1 pixels."""
    from scipy import ndimage

    side = 2 * radius + 1
    blurred: FloatArray = ndimage.uniform_filter(frame, (0, side, side), mode="nearest")
    return blurred
