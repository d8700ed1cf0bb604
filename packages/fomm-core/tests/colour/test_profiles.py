import io
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fomm_core.image import read_image

pytestmark = pytest.mark.once

RGB = ["Display-P3", "Adobe RGB", "ProPhoto"]
LOSSLESS = {"png": {}, "tif": {}, "webp": {"lossless": True}}
LOSSY = {"jpg": {"quality": 98, "subsampling": 0}, "avif": {"quality": 98, "subsampling": "4:4:4"}}


def chart(mode="RGB"):
    """125 patches of 8 x 8 pixels, in colours over the whole range."""
    levels = np.linspace(0, 255, 5).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(5, 25, 3)
    if mode == "L":
        colours = np.linspace(0, 255, 125).astype(np.uint8).reshape(5, 25)
    if mode == "CMYK":
        colours = np.dstack([colours, colours[:, ::-1, 0] // 2])
    return Image.fromarray(np.repeat(np.repeat(colours, 8, axis=0), 8, axis=1), mode)


def as_by_image_cms(path):
    with Image.open(path) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        return np.asarray(ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB"))


@pytest.mark.parametrize("ending", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize("name", RGB)
def test_pictures_are_converted_as_image_cms_does(tmp_path, profiles, name, ending):
    path = tmp_path / f"a.{ending}"
    chart().save(path, icc_profile=profiles[name], **{**LOSSLESS, **LOSSY}[ending])

    image = read_image(path)

    assert np.abs(image.astype(int) - as_by_image_cms(path)).max() <= 2
    assert np.abs(image.astype(int) - np.asarray(chart())).max() > 20


GREY = [("grey", "L", ending) for ending in ("png", "jpg", "tif")]


@pytest.mark.parametrize(
    ("name", "mode", "ending"), [*GREY, ("CMYK", "CMYK", "tif"), ("CMYK", "CMYK", "jpg")]
)
def test_grey_and_cmyk(tmp_path, profiles, name, mode, ending):
    path = tmp_path / f"a.{ending}"
    chart(mode).save(path, icc_profile=profiles[name])

    image = read_image(path)

    assert np.abs(image.astype(int) - as_by_image_cms(path)).max() <= 2
    assert np.abs(image.astype(int) - np.asarray(chart(mode).convert("RGB"))).max() > 10


def test_the_profile_of_srgb_changes_nothing(tmp_path):
    path = tmp_path / "a.png"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    chart().save(path, icc_profile=srgb.tobytes())

    np.testing.assert_array_equal(read_image(path), np.asarray(chart()))


def test_a_given_picture_in_display_p3():
    """Its first patch is stored as (182, 59, 52), which is sRGB's (200, 40, 40)."""
    image = read_image(Path(__file__).with_name("patch_p3.png"))

    assert np.abs(image[:4, :4].astype(int) - (200, 40, 40)).max() <= 2


def test_palettes_have_profiles_too(tmp_path, profiles):
    path = tmp_path / "a.png"
    palette = Image.new("RGB", (4, 4), (182, 59, 52)).quantize(4)
    palette.save(path, icc_profile=profiles["Adobe RGB"])
    Image.new("RGB", (4, 4), (182, 59, 52)).save(
        tmp_path / "b.png", icc_profile=profiles["Adobe RGB"]
    )

    np.testing.assert_array_equal(read_image(path), read_image(tmp_path / "b.png"))


@pytest.mark.parametrize(
    ("mode", "name"), [("RGBA", "Display-P3"), ("LA", "grey"), ("LA", "ProPhoto")]
)
def test_opacity_is_kept_and_laid_on_white(tmp_path, profiles, mode, name):
    picture = Image.new("RGBA", (3, 1))
    picture.putdata([(90, 90, 90, 0), (90, 90, 90, 128), (90, 90, 90, 255)])
    picture.convert(mode).save(tmp_path / "a.png", icc_profile=profiles[name])

    clear, half, full = read_image(tmp_path / "a.png")[0].astype(int)

    assert clear.tolist() == [255] * 3
    assert np.abs(half - (full * 128 + 255 * 127) / 255).max() <= 1


def test_sixteen_bit_grey_goes_through_its_profile(tmp_path, profiles):
    levels = np.arange(0, 65536, 4369, dtype=np.uint16)[None]
    Image.fromarray(levels).save(tmp_path / "a.png", icc_profile=profiles["grey"])
    Image.fromarray((levels >> 8).astype(np.uint8)).save(
        tmp_path / "b.png", icc_profile=profiles["grey"]
    )

    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), read_image(tmp_path / "b.png"))


@pytest.mark.parametrize(
    "damage", [lambda p: b"not a profile", lambda p: p[:140], lambda p: p[:128] + b"\xff" * 400]
)
def test_a_damaged_profile_is_left_aside_with_one_warning(tmp_path, profiles, caplog, damage):
    path = tmp_path / "a.png"
    chart().save(path, icc_profile=damage(profiles["Adobe RGB"]))

    with caplog.at_level(logging.WARNING):
        image = read_image(path)
        read_image(path)

    np.testing.assert_array_equal(image, np.asarray(chart()))
    assert len(caplog.messages) == 1
    assert "a.png: its colour profile is left aside" in caplog.text


@pytest.mark.parametrize(("mode", "name"), [("RGB", "CMYK"), ("RGB", "grey"), ("L", "CMYK")])
def test_a_profile_of_another_kind_is_left_aside(tmp_path, profiles, caplog, mode, name):
    path = tmp_path / "a.tif"
    chart(mode).save(path, icc_profile=profiles[name])

    with caplog.at_level(logging.WARNING):
        image = read_image(path)

    np.testing.assert_array_equal(image, np.asarray(chart(mode).convert("RGB")))
    assert "does not fit a picture in mode" in caplog.text


def test_cielab_is_read(tmp_path):
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.createProfile("sRGB")
    colours = Image.new("RGB", (4, 4), (200, 60, 60))
    ImageCms.profileToProfile(colours, srgb, lab, outputMode="LAB").save(tmp_path / "a.tif")

    assert np.abs(read_image(tmp_path / "a.tif")[0, 0].astype(int) - (200, 60, 60)).max() <= 3
