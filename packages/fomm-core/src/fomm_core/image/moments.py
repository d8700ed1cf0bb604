"""Reading animated pictures, moment by moment."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from fomm_core.image.arrays import ByteArray
from fomm_core.image.opening import open_picture
from fomm_core.image.reading import to_rgb

if TYPE_CHECKING:
    from PIL.Image import Image

# Of these several pictures are moments; elsewhere they are pages or sizes.
_ANIMATED = frozenset({"WEBP", "PNG", "AVIF", "GIF"})
_UNSTATED_MS = 100  # as browsers show a frame that states no duration


def count_moments(path: str | Path) -> int:
    """Number of frames of an animated picture, 1 of a still one (pages are none).

    Raises:
        MediaError: as of :func:`~fomm_core.image.picture_size`.
    """
    with open_picture(Path(path)) as image:
        if image.format not in _ANIMATED:
            return 1
        return int(getattr(image, "n_frames", 1)) - _moments_before(image)


def read_moments(path: str | Path) -> Iterator[tuple[Fraction, ByteArray]]:
    """Yield the frames of an animated picture: seconds shown and (H, W, 3) uint8, RGB.

    Raises:
        MediaError: as of :func:`~fomm_core.image.read_image`, when the damaged frame is reached.
    """
    with open_picture(Path(path)) as image:
        for seconds in _moments(image):
            yield seconds, to_rgb(image.copy(), str(path))


def moment_lengths(path: str | Path) -> Iterator[Fraction]:
    """Yield for how many seconds each frame of an animated picture is shown.

    It takes a fraction of the time of :func:`read_moments`, as no colours are converted.

    Raises:
        MediaError: as of :func:`read_moments`.
    """
    with open_picture(Path(path)) as image:
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
