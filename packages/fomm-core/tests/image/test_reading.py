from __future__ import annotations

import struct
import warnings

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fomm_core.image import fit, read_image

pytestmark = pytest.mark.once


def saved(picture, path, **options):
    picture.save(path, **options)
    return path


def corners(mode="RGB"):
    """8 x 4 pixels, one of the corners (upper left) red."""
    picture = Image.new("RGB", (8, 4), (0, 0, 255))
    picture.putpixel((0, 0), (255, 0, 0))
    return picture.convert(mode)


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        *(("RGB", ending) for ending in ("png", "bmp", "tif", "webp", "ppm", "tga")),
        *(("P", ending) for ending in ("png", "gif")),
        *(("RGBA", ending) for ending in ("png", "webp")),
        ("CMYK", "tif"),
    ],
)
def test_every_mode_is_read_as_rgb(tmp_path, mode, ending):
    options = {"lossless": True} if ending == "webp" else {}
    image = read_image(saved(corners(mode), tmp_path / f"a.{ending}", **options))

    assert (image.shape, image.dtype) == ((4, 8, 3), np.uint8)
    assert image[0, 0].tolist() == [255, 0, 0]
    assert image[3, 7].tolist() == [0, 0, 255]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_in_every_mode(tmp_path, mode):
    picture = Image.new("RGB", (16, 16), (200, 60, 60)).convert(mode)
    image = read_image(saved(picture, tmp_path / "a.jpg", quality=95))

    expected = (102, 102, 102) if mode == "L" else (200, 60, 60)
    assert np.abs(image.astype(int) - expected).max() <= 4


def test_the_content_decides_not_the_ending(tmp_path):
    assert read_image(saved(corners(), tmp_path / "a.jpg", format="PNG")).shape == (4, 8, 3)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_is_repeated(tmp_path, mode):
    picture = Image.new("L", (3, 2), 255).convert(mode)

    assert read_image(saved(picture, tmp_path / "a.png")).tolist() == [[[255] * 3] * 3] * 2


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_keep_the_upper_eight(tmp_path, ending):
    levels = np.array([[0, 255, 256, 32768, 65535]], np.uint16)

    image = read_image(saved(Image.fromarray(levels), tmp_path / f"a.{ending}"))

    assert image[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert (image == image[:, :, :1]).all()


def test_sixteen_bit_colour(tmp_path, png):
    row = b"\0" + struct.pack(">6H", 65535, 32768, 0, 256, 255, 65535)
    (tmp_path / "a.png").write_bytes(png(2, 1, 16, 2, row))

    assert read_image(tmp_path / "a.png").tolist() == [[[255, 128, 0], [1, 0, 255]]]


def test_floating_point_grey(tmp_path):
    unit = saved(Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)), tmp_path / "a.tif")
    byte = saved(Image.fromarray(np.array([[0.0, 128, 300]], np.float32)), tmp_path / "b.tif")

    assert read_image(unit)[0, :, 0].tolist() == [0, 128, 255]
    assert read_image(byte)[0, :, 0].tolist() == [0, 128, 255]


def test_transparency_is_laid_on_white(tmp_path):
    picture = Image.new("RGBA", (3, 1))
    picture.putdata([(9, 9, 9, 0), (0, 0, 0, 128), (10, 20, 30, 255)])

    image = read_image(saved(picture, tmp_path / "a.png"))

    assert image.tolist() == [[[255] * 3, [127] * 3, [10, 20, 30]]]


def test_a_transparent_colour_of_a_palette_is_laid_on_white(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putdata([0, 1])

    image = read_image(saved(picture, tmp_path / "a.png", transparency=0))

    assert image.tolist() == [[[255, 255, 255], [0, 255, 0]]]


# Where the upper left pixel of the stored picture is seen, for each orientation of EXIF.
SEEN_AT = [(1, 0, 0), (2, 0, 7), (3, 3, 7), (4, 3, 0), (5, 0, 0), (6, 0, 3), (7, 7, 3), (8, 7, 0)]


@pytest.mark.parametrize(("orientation", "row", "column"), SEEN_AT)
def test_exif_rotation_is_applied(tmp_path, orientation, row, column):
    exif = Image.Exif()
    exif[0x0112] = orientation

    image = read_image(saved(corners(), tmp_path / "a.png", exif=exif))

    assert image.shape == ((4, 8, 3) if orientation <= 4 else (8, 4, 3))
    assert image[row, column].tolist() == [255, 0, 0]


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_read(tmp_path, ending):
    first, second = Image.new("RGB", (4, 4), "white"), Image.new("RGB", (4, 4), "black")
    path = saved(first, tmp_path / f"a.{ending}", save_all=True, append_images=[second])

    assert read_image(path).min() == 255


def test_a_single_pixel(tmp_path):
    path = saved(Image.new("RGB", (1, 1), (1, 2, 3)), tmp_path / "a.png")

    assert read_image(path).tolist() == [[[1, 2, 3]]]
    assert fit(read_image(path), (64, 64)).shape == (64, 64, 3)


def test_a_hundred_million_pixels(tmp_path):
    path = saved(Image.new("L", (10_000, 10_000), 7), tmp_path / "a.png", compress_level=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = read_image(path)

    assert image.shape == (10_000, 10_000, 3)
    assert fit(image, (256, 256)).tolist() == [[[7, 7, 7]] * 256] * 256


@pytest.fixture
def with_chunks(tmp_path):
    """Saves a picture as a PNG with chunks of its colours."""

    def save(picture, **chunks):
        info = PngInfo()
        for name, data in chunks.items():
            info.add(name.encode(), data)
        return saved(picture, tmp_path / "chunks.png", pnginfo=info)

    return save


def gamma(value):
    return struct.pack(">I", round(value * 100_000))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_a_png_of_another_gamma_becomes_srgb(with_chunks, mode):
    """Linear light of a fifth is the middle of sRGB's values."""
    picture = Image.new("RGB", (4, 4), (55, 55, 55))
    picture = picture.quantize() if mode == "P" else picture.convert(mode)
    read = read_image(with_chunks(picture, gAMA=gamma(1.0)))
    np.testing.assert_allclose(read, 128, atol=1)


def test_opacity_has_no_gamma(with_chunks):
    picture = Image.new("RGBA", (4, 4), (0, 0, 0, 55))
    read = read_image(with_chunks(picture, gAMA=gamma(1.0)))
    np.testing.assert_array_equal(read, 200)


@pytest.mark.parametrize(
    "chunks",
    [
        {"gAMA": gamma(1 / 2.2)},
        {"gAMA": gamma(0.0)},
        {"gAMA": gamma(9000.0)},
        {"gAMA": gamma(1.0), "sRGB": b"\0"},
        {"cHRM": struct.pack(">8I", *[30_000] * 8)},
        {"cICP": bytes([9, 16, 0, 1])},
    ],
    ids=["sRGB's", "zero", "absurd", "sRGB said", "cHRM", "cICP"],
)
def test_chunks_that_change_nothing(with_chunks, chunks):
    picture = corners()
    np.testing.assert_array_equal(read_image(with_chunks(picture, **chunks)), np.asarray(picture))
