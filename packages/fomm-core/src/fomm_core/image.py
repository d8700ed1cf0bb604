"""Pictures: reading, fitting to the model's size, and the two forms a frame has.

Outside the engines a frame is (H, W, 3) uint8 RGB, inside it is (3, H, W) float32 in [0, 1].
"""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from fomm_core.colour import profiles
from fomm_core.colour.conversion import on_white
from fomm_core.errors import MediaError
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import atomic_path
from fomm_core.utils.paths import describe_other

if TYPE_CHECKING:
    from PIL.Image import Image

ByteArray = npt.NDArray[np.uint8]
Fit = Literal["crop", "pad", "stretch"]

MAX_PIXELS = 1 << 27
"""Pictures with more pixels (134 million: 11,585 squared) are refused before decoding."""

PICTURE_SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2", ".avif", ".ico"}
)
"""File endings, in lower case, that are taken for pictures."""

# Only decoders that run in this process on the data itself: no EPS or PDF interpreters.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "TGA", "JPEG2000", "AVIF", "ICO")

# Of these several pictures are moments; elsewhere they are pages or sizes.
_ANIMATED = frozenset({"WEBP", "PNG", "AVIF", "GIF"})
_UNSTATED_MS = 100  # as browsers show a frame that states no duration

_DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error),
    *(RuntimeError, ZeroDivisionError),  # of AVIF's library, and where its clock stands still
)


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
            than :data:`MAX_PIXELS` pixels.
    """
    with _opened(Path(path)) as image:
        return to_rgb(image, str(path))


def picture_size(path: str | Path) -> tuple[int, int]:
    """(height, width) of a picture in pixels, from its header alone.

    It is the size as stored; a rotation in EXIF, which :func:`read_image` applies, is not.

    Raises:
        MediaError: as of :func:`read_image`, but for damage behind the header.
    """
    with _opened(Path(path)) as image:
        return image.height, image.width


def count_moments(path: str | Path) -> int:
    """Number of frames of an animated picture, 1 of a still one (pages are none).

    Raises:
        MediaError: as of :func:`picture_size`.
    """
    with _opened(Path(path)) as image:
        if image.format not in _ANIMATED:
            return 1
        return int(getattr(image, "n_frames", 1)) - _moments_before(image)


def read_moments(path: str | Path) -> Iterator[tuple[Fraction, ByteArray]]:
    """Yield the frames of an animated picture: seconds shown and (H, W, 3) uint8, RGB.

    Raises:
        MediaError: as of :func:`read_image`, when the damaged frame is reached.
    """
    with _opened(Path(path)) as image:
        for seconds in _moments(image):
            yield seconds, to_rgb(image.copy(), str(path))


def moment_lengths(path: str | Path) -> Iterator[Fraction]:
    """Yield for how many seconds each frame of an animated picture is shown.

    It takes a fraction of the time of :func:`read_moments`, as no colours are converted.

    Raises:
        MediaError: as of :func:`read_moments`.
    """
    with _opened(Path(path)) as image:
        yield from _moments(image)


def _moments(image: Image) -> Iterator[Fraction]:
    """Decode the frames of an animation one by one; yield the seconds of each."""
    for number in range(_moments_before(image), int(getattr(image, "n_frames", 1))):
        image.seek(number)
        image.load()  # some formats tell a frame's duration only now
        milliseconds = round(image.info.get("duration") or 0) or _UNSTATED_MS
        yield Fraction(milliseconds, 1000)


def _moments_before(image: Image) -> int:
    """Count the pictures that stand before the animation, for viewers that know none."""
    return int(bool(getattr(image, "default_image", False)) and getattr(image, "n_frames", 1) > 1)


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """Open a picture that may be decoded, with what that raises told as a MediaError."""
    from PIL import Image, UnidentifiedImageError

    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 million pixels on; the limit here is our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check_pixels(path, image.size)
                yield image
    except UnidentifiedImageError as error:
        raise MediaError(
            f"{path}: expected a picture (PNG, JPEG, WebP, ...), found data of no known format"
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaError(f"{path}: expected at most {MAX_PIXELS:,} pixels, found more") from error
    except MemoryError as error:
        raise MediaError(f"{path}: expected a picture that fits in memory; shrink it") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise MediaError(f"{path}: expected a picture, found damaged data ({reason})") from error


def _check_file(path: Path) -> None:
    if not path.is_file():
        found = describe_other(path) or "nothing there; check the path"
        raise MediaError(f"{path}: expected a picture, found {found}")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: expected a picture, found an empty file")


def _check_pixels(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{path}: expected at most {MAX_PIXELS:,} pixels, found {width} x {height}; shrink it"
        )


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


def fit(image: ByteArray, size: tuple[int, int], mode: Fit = "crop") -> ByteArray:
    """Bring a picture to a given size with an antialiased (Lanczos) filter.

    Args:
        image: (H, W, 3) uint8, RGB.
        size: (height, width) to reach, in pixels.
        mode: ``"crop"`` keeps the proportions and cuts what hangs over, equally on both
            sides; ``"pad"`` keeps the proportions and fills up with black; ``"stretch"``
            does not keep them.

    Returns:
        (height, width, 3) uint8; ``image`` itself where it has that size already.
    """
    height, width = image.shape[:2]
    if (height, width) == size:
        return image
    if mode == "stretch":
        return resample(image, size, (0.0, 0.0, width, height))
    if mode == "pad":
        return _pad(image, size)
    scale = min(height / size[0], width / size[1])
    crop_h, crop_w = size[0] * scale, size[1] * scale
    left, top = (width - crop_w) / 2, (height - crop_h) / 2
    return resample(image, size, (left, top, left + crop_w, top + crop_h))


def _pad(image: ByteArray, size: tuple[int, int]) -> ByteArray:
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    padded = np.zeros((*size, 3), np.uint8)
    padded[top : top + inner[0], left : left + inner[1]] = fit(image, inner, "stretch")
    return padded


def resample(
    image: ByteArray, size: tuple[int, int], box: tuple[float, float, float, float]
) -> ByteArray:
    """Resample a part of a picture with an antialiased (Lanczos) filter.

    Args:
        image: (H, W, 3) uint8, RGB.
        size: (height, width) to reach, in pixels.
        box: left, top, right, bottom of the part, in pixels; fractions are allowed, and what
            lies outside the picture is left out.

    Returns:
        (height, width, 3) uint8.
    """
    from PIL import Image

    height, width = image.shape[:2]
    left, right = _reach(box[0], box[2], width, size[1])
    top, bottom = _reach(box[1], box[3], height, size[0])
    # Pillow copies what it is given: the part alone, with what the filter sees of the rest.
    part = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
    inside = (
        max(box[0], 0.0) - left,
        max(box[1], 0.0) - top,
        min(box[2], width) - left,
        min(box[3], height) - top,
    )
    return np.array(part.resize((size[1], size[0]), Image.Resampling.LANCZOS, box=inside))


def _reach(start: float, end: float, length: int, pixels: int) -> tuple[int, int]:
    """First and last pixel, exclusive, that the filter sees from ``start`` to ``end``."""
    reach = 3 * max(1.0, (end - start) / pixels) + 1
    return max(0, math.floor(start - reach)), min(length, math.ceil(end + reach))


def to_network(image: ByteArray) -> FloatArray:
    """Turn a frame into what the networks take.

    Args:
        image: (H, W, 3) uint8, RGB.

    Returns:
        (3, H, W) float32 in [0, 1], contiguous.
    """
    planes = image.transpose(2, 0, 1).astype(np.float32, order="C")
    planes /= np.float32(255)
    return planes


def to_uint8(image: FloatArray) -> ByteArray:
    """Turn what a network made into a frame.

    Values are clipped to [0, 1], multiplied by 255 and **truncated**, as the 8-bit frames of
    the reference are; ``to_uint8(to_network(x))`` is ``x``.

    Args:
        image: (3, H, W) float32, finite.

    Returns:
        (H, W, 3) uint8, RGB, contiguous.
    """
    scaled = image * np.float32(255)
    planes = np.clip(scaled, np.float32(0), np.float32(255), out=scaled).astype(np.uint8)
    frame = np.empty((*image.shape[1:], 3), np.uint8)
    # Plane by plane is about a third faster than copying one transposed view.
    for channel, plane in enumerate(planes):
        frame[:, :, channel] = plane
    return frame


def write_image(path: str | Path, image: ByteArray) -> None:
    """Write a picture as PNG: whole, or not at all.

    Args:
        path: where to write; its folder must exist.
        image: (H, W, 3) uint8, RGB.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(path) as partial:
        save_png(partial, image)


def save_png(path: Path, image: ByteArray, comment: str = "") -> None:
    """Write a picture as PNG straight to a path that nobody looks at yet.

    Args:
        path: where to write.
        image: (H, W, 3) uint8, RGB.
        comment: for the metadata (the keyword ``Comment``); empty for none.

    Raises:
        OSError: the file cannot be written.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    if comment:
        texts.add_text("Comment", comment)
    # About twice as fast as the default level, for files a tenth larger.
    Image.fromarray(image).save(path, format="PNG", compress_level=2, pnginfo=texts)
