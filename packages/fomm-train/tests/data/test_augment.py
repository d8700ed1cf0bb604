from __future__ import annotations

import colorsys

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fomm_core.errors import ConfigError
from fomm_train.config import (
    AugmentationParams,
    CropParams,
    FlipParams,
    JitterParams,
    ResizeParams,
    parse_train_config,
)
from fomm_train.configs import find_config_file
from fomm_train.data.augment import (
    Augmentation,
    ColourChange,
    ResizedCrop,
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    draw_augmentation,
    resize,
)

KINDS = ("brightness", "contrast", "saturation", "hue")
pairs = hnp.arrays(
    np.float32, (2, 3, 3, 4), elements=st.floats(0, 1, width=32, allow_subnormal=False)
)
full = AugmentationParams(
    flip_param=FlipParams(horizontal_flip=True, time_flip=True),
    jitter_param=JitterParams(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.5),
)
seeds = st.integers(0, 2**32 - 1)


def drawn(params: AugmentationParams, seed: int) -> Augmentation:
    return draw_augmentation(params, np.random.default_rng(seed))


@given(pairs, seeds)
def test_what_is_turned_off_changes_nothing(frames, seed):
    for params in (AugmentationParams(), AugmentationParams(jitter_param=JitterParams())):
        assert drawn(params, seed) == Augmentation()
        np.testing.assert_array_equal(drawn(params, seed).apply(frames), frames)


@given(pairs)
def test_a_change_of_no_strength_changes_nothing(frames):
    for kind in KINDS:
        change = ColourChange(kind, 0.0 if kind == "hue" else 1.0)
        np.testing.assert_allclose(change.apply(frames), frames, atol=2e-6)


@given(pairs, seeds)
def test_range_type_and_argument_are_kept(frames, seed):
    before = frames.copy()
    augmented = drawn(full, seed).apply(frames)
    assert augmented.dtype == np.float32
    assert augmented.shape == frames.shape
    assert augmented.min() >= 0
    assert augmented.max() <= 1 + 1e-6
    np.testing.assert_array_equal(frames, before)


@given(pairs, seeds)
def test_equal_frames_stay_equal(frames, seed):
    augmented = drawn(full, seed).apply(np.stack([frames[0], frames[0]]))
    np.testing.assert_array_equal(augmented[0], augmented[1])


@given(pairs, seeds)
def test_equal_colours_stay_equal_across_the_pair(frames, seed):
    frames[1, :, 0, 0] = frames[0, :, 2, 3]
    params = AugmentationParams(jitter_param=full.jitter_param)
    augmented = drawn(params, seed).apply(frames)
    np.testing.assert_allclose(augmented[1, :, 0, 0], augmented[0, :, 2, 3], atol=1e-6)


def test_flips():
    frames = np.arange(2 * 3 * 2 * 4, dtype=np.float32).reshape(2, 3, 2, 4) / 48
    np.testing.assert_array_equal(Augmentation(time_flip=True).apply(frames), frames[::-1])
    np.testing.assert_array_equal(
        Augmentation(horizontal_flip=True).apply(frames), frames[:, :, :, ::-1]
    )


def test_each_flip_happens_to_half_of_the_pairs_whatever_the_other_does():
    found = [drawn(full, seed) for seed in range(400)]
    for time_flip in (False, True):
        for horizontal_flip in (False, True):
            cases = [
                a for a in found if (a.time_flip, a.horizontal_flip) == (time_flip, horizontal_flip)
            ]
            assert 60 < len(cases) < 140


def test_changes_come_in_every_order_within_their_limits():
    params = AugmentationParams(
        jitter_param=JitterParams(brightness=0.2, contrast=1.5, saturation=0.3, hue=0.1)
    )
    limits = {
        "brightness": (0.8, 1.2),
        "contrast": (0, 2.5),
        "saturation": (0.7, 1.3),
        "hue": (-0.1, 0.1),
    }
    found = [drawn(params, seed).colours for seed in range(600)]
    assert len({tuple(change.kind for change in colours) for colours in found}) == 24
    for kind, (low, high) in limits.items():
        amounts = [change.amount for colours in found for change in colours if change.kind == kind]
        assert low <= min(amounts) < low + (high - low) / 20
        assert high - (high - low) / 20 < max(amounts) <= high


@pytest.fixture
def image():
    picture = np.random.default_rng(0).random((3, 8, 9), dtype=np.float32)
    picture[:, 0, 0] = 0.4  # grey has no hue
    picture[:, 0, 1] = (0.5, 0.5, 0.1)  # two channels the largest
    return picture


def test_brightness_and_saturation_are_blends(image):
    grey = 0.2989 * image[0] + 0.587 * image[1] + 0.114 * image[2]
    np.testing.assert_allclose(adjust_brightness(image, 1.3), (1.3 * image).clip(0, 1), atol=1e-6)
    np.testing.assert_allclose(adjust_saturation(image, 0.0), np.stack([grey] * 3), atol=1e-6)
    np.testing.assert_allclose(
        adjust_saturation(image, 1.7), (1.7 * image - 0.7 * grey).clip(0, 1), atol=1e-6
    )


def test_contrast_blends_with_the_mean_grey(image):
    mean = (0.2989 * image[0] + 0.587 * image[1] + 0.114 * image[2]).mean()
    np.testing.assert_allclose(adjust_contrast(image, 0.4), 0.4 * image + 0.6 * mean, atol=1e-6)
    np.testing.assert_allclose(adjust_contrast(image, 0.0), np.full_like(image, mean), atol=1e-6)


@pytest.mark.parametrize("shift", [-0.5, -0.21, 0.0, 0.07, 0.5])
def test_hue_is_that_of_the_colour_circle(image, shift):
    turned = adjust_hue(image, shift)
    for y, x in np.ndindex(image.shape[1:]):
        hue, saturation, value = colorsys.rgb_to_hsv(*image[:, y, x].tolist())
        expected = colorsys.hsv_to_rgb((hue + shift) % 1.0, saturation, value)
        np.testing.assert_allclose(turned[:, y, x], expected, atol=3e-6)


def smooth_frames(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin(rows / 3 + n) * np.cos(columns / 4 - n) for n in range(6)]
    return ((np.stack(waves) + 1) / 2).reshape(2, 3, height, width).astype(np.float32)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("scale", [0.3, 0.5, 0.75, 0.9, 1.0, 1.07, 4 / 3])
def test_sizes_change_as_in_the_original(scale, interpolation):
    transform = pytest.importorskip("skimage.transform")
    frames = smooth_frames(33, 40)
    found = resize(frames, scale, interpolation)
    size = int(33 * scale), int(40 * scale)
    assert found.dtype == np.float32
    for frame, picture in zip(found.reshape(-1, *size), frames.reshape(-1, 33, 40), strict=True):
        order = 0 if interpolation == "nearest" else 1
        expected = transform.resize(
            picture, size, order=order, preserve_range=True, mode="constant", anti_aliasing=True
        )
        np.testing.assert_allclose(frame, expected, atol=1e-5)


def test_small_frames_are_padded_by_their_edges_and_large_ones_cut():
    frames = np.arange(2 * 3 * 3 * 6, dtype=np.float32).reshape(2, 3, 3, 6) / 108
    cut = ResizedCrop((6, 4), place=(0.99, 0.99)).apply(frames)
    padded = np.pad(frames, ((0, 0), (0, 0), (1, 2), (0, 0)), mode="edge")
    np.testing.assert_array_equal(cut, padded[..., 2:])
    np.testing.assert_array_equal(ResizedCrop((6, 4)).apply(frames), padded[..., :4])


@given(seeds)
def test_random_crops_lie_anywhere_and_have_one_size(seed):
    params = AugmentationParams(
        resize_param=ResizeParams(ratio=(0.5, 2.0)), crop_param=CropParams(size=(8, 6))
    )
    change = drawn(params, seed).crop
    assert change is not None
    assert 0.5 <= change.scale <= 2
    assert change.apply(smooth_frames(8, 6)).shape == (2, 3, 8, 6)


def test_every_place_is_drawn():
    params = AugmentationParams(crop_param=CropParams(size=2))
    frames = np.broadcast_to(np.arange(5, dtype=np.float32) / 5, (2, 3, 2, 5))
    places = {float(drawn(params, seed).crop.apply(frames)[0, 0, 0, 0]) for seed in range(60)}
    assert sorted(places) == pytest.approx([0, 0.2, 0.4, 0.6])


def test_other_draws_stay_as_they_are_with_crops():
    crops = full.model_copy(update={"crop_param": CropParams(size=8)})
    for seed in range(20):
        plain, cut = drawn(full, seed), drawn(crops, seed)
        assert (plain.time_flip, plain.colours) == (cut.time_flip, cut.colours)


def configuration(**augmentation) -> dict:
    data = yaml.safe_load(find_config_file("mgif-256").read_text(encoding="utf-8"))
    data["dataset_params"]["augmentation_params"].update(augmentation)
    return data


def test_the_original_configuration_is_read():
    config = parse_train_config(
        configuration(crop_param={"size": [256, 256]}, resize_param={"ratio": [0.9, 1.1]})
    )
    params = config.dataset_params.augmentation_params
    assert params.crop_param == CropParams(size=(256, 256))
    assert params.resize_param == ResizeParams(ratio=(0.9, 1.1))


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        ({"crop_param": {"size": 128}}, r"crop_param\.size: expected \[256, 256\]"),
        ({"resize_param": {"ratio": [0.9, 1.1]}}, "resize_param: expected crop_param"),
        ({"crop_param": {"size": 256}, "resize_param": {"ratio": [2, 1]}}, "a rising pair"),
        ({"crop_param": {}}, r"crop_param\.size: expected a value"),
    ],
)
def test_crops_that_cannot_work_are_refused(augmentation, message):
    with pytest.raises(ConfigError, match=message):
        parse_train_config(configuration(**augmentation))


def test_avatars_are_not_cropped():
    data = configuration(crop_param={"size": 256})
    data["dataset_params"]["avatars"] = {}
    with pytest.raises(ConfigError, match="none with avatars"):
        parse_train_config(data)
