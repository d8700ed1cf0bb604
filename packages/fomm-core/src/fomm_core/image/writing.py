"""Writing pictures, as PNG."""

from __future__ import annotations

from pathlib import Path

from fomm_core.image.arrays import ByteArray
from fomm_core.utils.files import atomic_path


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
