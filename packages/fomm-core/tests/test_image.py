import io
import struct
import warnings
import zlib
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fomm_core.errors import MediaError, OutputError
from fomm_core.image import (
    MAX_PIXELS,
    fit,
    moment_lengths,
    picture_size,
    read_image,
    read_moments,
    to_network,
    to_uint8,
    write_image,
)

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


def png(width, height, depth, colour, rows):
    """Assemble a PNG by hand, for the kinds that Pillow does not write."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_sixteen_bit_colour(tmp_path):
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


@pytest.mark.parametrize("ending", [".png", ".webp", ".avif"])
def test_lengths_of_frames_are_known_without_their_colours(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (0, 90, 180)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 80, 120])

    assert list(moment_lengths(path)) == [Fraction(n, 25) for n in (1, 2, 3)]
    assert [seconds for seconds, _ in read_moments(path)] == list(moment_lengths(path))


def test_an_animation_whose_clock_stands_still_is_damaged(tmp_path):
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (0, 90)]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:])
    content = bytearray((tmp_path / "a.avif").read_bytes())
    ticks = content.index(b"mdhd") + 24  # a second, after the times of making
    content[ticks : ticks + 4] = bytes(4)
    (tmp_path / "a.avif").write_bytes(content)

    with pytest.raises(MediaError, match="division by zero"):
        list(read_moments(tmp_path / "a.avif"))


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


@pytest.mark.parametrize(("width", "height"), [(11_586, 11_586), (100_000, 100_000), (2**31, 1)])
def test_more_pixels_than_the_limit_are_refused_unread(tmp_path, width, height):
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


def encoded(picture, kind):
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


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
        (png(1, 1, 8, 3, b"\0\0"), "damaged data .no palette."),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path, content, found):
    (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(MediaError, match=found) as caught:
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


def test_a_picture_of_the_right_size_is_not_touched():
    image = np.zeros((4, 8, 3), np.uint8)

    for mode in ("crop", "pad", "stretch"):
        assert fit(image, (4, 8), mode) is image


def thirds(height, width):
    """Red, green and blue thirds, along the longer side."""
    colours = np.eye(3, dtype=np.uint8) * 255
    longer = max(height, width)
    stripe = colours[np.arange(longer) * 3 // longer]
    lined = stripe[None, :, :] if width >= height else stripe[:, None, :]
    return np.broadcast_to(lined, (height, width, 3)).copy()


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40)])
def test_crop_keeps_the_middle(height, width):
    image = fit(thirds(height, width), (20, 20), "crop")

    assert np.abs(image[2:-2, 2:-2].astype(int) - (0, 255, 0)).max() <= 2


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40)])
def test_pad_keeps_all_of_it_on_black(height, width):
    image = fit(thirds(height, width), (60, 60), "pad")
    if height > width:
        image = image.transpose(1, 0, 2)

    assert image[[0, 19, 40, 59]].max() == 0
    assert image[30, [5, 30, 54]].tolist() == (np.eye(3, dtype=int) * 255).tolist()
    assert image[[20, 39], 5].tolist() == [[255, 0, 0]] * 2


def test_stretch_fills_all_with_all():
    image = fit(thirds(40, 120), (60, 60), "stretch")

    assert image[[0, 59], 5].tolist() == [[255, 0, 0]] * 2
    assert image[30, 54].tolist() == [0, 0, 255]


def test_shrinking_is_antialiased():
    lines = np.zeros((256, 256, 3), np.uint8)
    lines[:, ::2] = 255

    small = fit(lines, (64, 64))

    assert np.abs(small[:, 4:-4].astype(int) - 127).max() <= 2


@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    target=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    mode=st.sampled_from(["crop", "pad", "stretch"]),
)
def test_any_size_fits_any_other(size, target, mode):
    image = fit(np.full((*size, 3), 90, np.uint8), target, mode)

    assert (image.shape, image.dtype) == ((*target, 3), np.uint8)
    assert set(np.unique(image)) <= ({0, 90} if mode == "pad" else {90})


def test_the_network_form_and_back_is_exact():
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    image[0, 0] = (0, 128, 255)

    planes = to_network(image)

    assert (planes.shape, planes.dtype, planes.flags.c_contiguous) == ((3, 6, 5), np.float32, True)
    assert planes[:, 0, 0].tolist() == [0.0, np.float32(128) / np.float32(255), 1.0]
    np.testing.assert_array_equal(to_uint8(planes), image)


def test_every_level_survives_there_and_back():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)

    np.testing.assert_array_equal(to_uint8(to_network(levels)), levels)


def test_values_are_clipped_and_truncated():
    column = np.array([-3.0, -0.001, 0.0, 0.9999 / 255, 127.99 / 255, 0.9999, 1.0, 7.0])
    image = np.broadcast_to(column.astype(np.float32), (3, 1, 8))

    frame = to_uint8(image)

    assert frame[0, :, 0].tolist() == [0, 0, 0, 0, 127, 254, 255, 255]
    assert (frame.shape, frame.dtype, frame.flags.c_contiguous) == ((1, 8, 3), np.uint8, True)


def test_to_uint8_leaves_its_argument_alone():
    image = np.full((3, 2, 2), 0.5, np.float32)

    to_uint8(image)

    assert (image == 0.5).all()


def test_a_picture_is_written_whole_or_not_at_all(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)

    write_image(tmp_path / "a.png", image)

    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(OutputError, match="cannot be written"):
        write_image(tmp_path / "none" / "a.png", image)
