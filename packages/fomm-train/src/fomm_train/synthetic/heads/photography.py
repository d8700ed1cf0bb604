"""Camera and file: blur, colours, grain and compression of a rendered picture."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.identity import Photography

_LEAST_BLUR, _LEAST_GRAIN_SIZE = 0.25, 0.4


def photograph(image: ByteArray, camera: Photography, random: np.random.Generator) -> ByteArray:
    """Make a photograph of a rendered picture.

    Args:
        image: (H, W, 3) uint8, sRGB.
        camera: what happens to it.
        random: of the grain.
    """
    if camera.resolution < 1:
        image = _resampled(image, camera.resolution)
    picture = image.astype(np.float32) / np.float32(255)
    if camera.blur > _LEAST_BLUR:
        picture = _blurred(picture, camera.blur)
    picture = _developed(picture, camera)
    if camera.vignette > 0:
        picture = picture * _vignette(len(picture), camera.vignette)
    if camera.grain > 0:
        picture = picture + _grain(picture.shape, camera, random)
    levels = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    return _compressed(levels, camera.jpeg) if camera.jpeg else levels


def _resampled(image: ByteArray, share: float) -> ByteArray:
    """The picture as one of a share of its size shows it."""
    size = image.shape[1], image.shape[0]
    small = Image.fromarray(image).resize(
        (int(size[0] * share), int(size[1] * share)), Image.Resampling.BOX
    )
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC))


def _blurred(picture: FloatArray, sigma: float) -> FloatArray:
    blurred: FloatArray = gaussian_filter(picture, (sigma, sigma, 0), mode="mirror", truncate=3.0)
    return blurred


def _developed(picture: FloatArray, camera: Photography) -> FloatArray:
    tinted = np.clip(picture * np.array(camera.cast, np.float32), 0, 1)
    developed = (tinted ** np.float32(camera.gamma) - 0.45) * camera.contrast + 0.45
    if camera.saturation == 1:
        return developed.astype(np.float32)
    grey = developed.mean(axis=2, keepdims=True)
    saturated: FloatArray = grey + (developed - grey) * np.float32(camera.saturation)
    return saturated


def _vignette(size: int, strength: float) -> FloatArray:
    line = np.arange(size, dtype=np.float32) / size - 0.5
    far = line[:, None] ** 2 + line[None] ** 2
    share: FloatArray = (1 - strength * 2 * far)[..., None].astype(np.float32)
    return share


def _grain(shape: tuple[int, ...], camera: Photography, random: np.random.Generator) -> FloatArray:
    noise = random.standard_normal(shape, dtype=np.float32)
    noise = noise * np.float32(0.6) + noise.mean(axis=2, keepdims=True) * np.float32(0.7)
    if camera.grain_size > _LEAST_GRAIN_SIZE:
        noise = _blurred(noise, camera.grain_size) * np.float32(1 + camera.grain_size)
    grain: FloatArray = noise * np.float32(camera.grain / 255)
    return grain


def _compressed(image: ByteArray, quality: int) -> ByteArray:
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "JPEG", quality=quality)
    return np.asarray(Image.open(memory).convert("RGB"))
