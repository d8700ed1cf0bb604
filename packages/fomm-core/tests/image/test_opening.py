from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fomm_core.errors import MediaError
from fomm_core.image import MAX_PIXELS, picture_size, read_image

pytestmark = pytest.mark.once


def encoded(picture, kind):
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


@pytest.mark.parametrize(("width", "height"), [(11_586, 11_586), (100_000, 100_000), (2**31, 1)])
def test_more_pixels_than_the_limit_are_refused_unread(tmp_path, png, width, height):
    assert width * height > MAX_PIXELS
    (tmp_path / "bomb.png").write_bytes(png(width % 2**31 or 2**31 - 1, height, 8, 0, b""))

    for read in (read_image, picture_size):
        with pytest.raises(MediaError, match=f"expected at most {MAX_PIXELS:,} pixels"):
            read(tmp_path / "bomb.png")


def test_the_size_is_read_from_the_header_alone(tmp_path):
    content = encoded(NOISE.crop((0, 0, 64, 32)), "PNG")
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])

    assert picture_size(tmp_path / "a.png") == (32, 64)
    with pytest.raises(MediaError, match="damaged data"):
        read_image(tmp_path / "a.png")


def test_the_size_is_of_the_same_formats_and_files(tmp_path):
    (tmp_path / "eps.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (tmp_path / "empty.png").touch()

    for name, found in (("eps.png", "no known format"), ("empty.png", "an empty file")):
        with pytest.raises(MediaError, match=found):
            picture_size(tmp_path / name)
    with pytest.raises(MediaError, match="found nothing there"):
        picture_size(tmp_path / "none.png")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"just text\n", "no known format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no known format"),
        (encoded(NOISE, "PNG")[:-3000], "damaged data"),
        (encoded(NOISE, "PNG")[:30], "found"),
        (encoded(NOISE, "JPEG")[:1500], "damaged data"),
        (encoded(NOISE, "TIFF")[:4000], "damaged data"),
        (encoded(NOISE, "WEBP")[:100], "found"),
        (encoded(NOISE, "AVIF").replace(b"iloc", b"none"), "damaged data"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path, content, found):
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(MediaError, match=found) as caught:
        read_image(tmp_path / "a.png")

    assert "a.png" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_indexed_colours_without_a_palette_are_damage(tmp_path, png):
    (tmp_path / "a.png").write_bytes(png(1, 1, 8, 3, b"\0\0"))

    with pytest.raises(MediaError, match=r"damaged data .no palette.") as caught:
        read_image(tmp_path / "a.png")

    assert "a.png" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(content=st.binary(max_size=200), kind=st.sampled_from(["PNG", "JPEG", "GIF", "BMP"]))
def test_garbage_after_a_header_never_escapes(tmp_path_factory, content, kind):
    path = tmp_path_factory.mktemp("garbage") / "a.png"
    path.write_bytes(encoded(NOISE, kind)[:40] + content)

    with suppress(MediaError):  # no other error is allowed
        assert read_image(path).dtype == np.uint8


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(MediaError, match="found nothing there"):
        read_image(tmp_path / "none.png")
    with pytest.raises(MediaError, match="found a folder"):
        read_image(tmp_path)
