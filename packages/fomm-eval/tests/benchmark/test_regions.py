from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_eval.benchmark.regions import regions_of

NAMES = ("background", "skin", "eyes")


def labels_of(size=256):
    """A square figure with one pixel of an eye in its middle."""
    labels = np.zeros((size, size), np.uint8)
    labels[size // 4 : -size // 4, size // 4 : -size // 4] = 1
    labels[size // 2, size // 2] = 2
    return labels


def draw(seed, size=64):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3)).astype(np.uint8)


def test_regions_are_those_that_are_labelled():
    assert [region.metric.name for region in regions_of(NAMES)] == ["figure error", "eyes error"]
    assert regions_of(()) == ()
    everything = regions_of(("mouth", "background", "hair", "eyes"))
    assert [region.labels for region in everything] == [(0, 2, 3), (3,), (0,)]


@pytest.mark.parametrize(("size", "side"), [(256, 7), (128, 5), (64, 3)])
def test_small_parts_are_widened_by_three_pixels_of_256(size, side):
    figure, eyes = (region.mask(labels_of(size)) for region in regions_of(NAMES))
    assert figure.sum() == (size // 2) ** 2
    assert eyes.sum() == side**2
    assert eyes[size // 2, size // 2]


@given(st.integers(0, 99))
def test_nothing_moved_is_one_and_the_truth_is_zero(seed):
    target, source = draw(seed), draw(seed + 100)
    for region in regions_of(NAMES):
        still = region.score(labels_of(64), target, source, source)
        true = region.score(labels_of(64), target, source, target)
        assert (still.value, true.value) == (1, 0)
        assert still.weight == true.weight > 0


def test_only_what_lies_in_the_region_counts():
    source, target = draw(1), draw(2)
    figure, eyes = regions_of(NAMES)
    prediction = np.where(eyes.mask(labels_of(64))[..., None], source, target)
    outside = figure.mask(labels_of(64)) & ~eyes.mask(labels_of(64))
    assert eyes.score(labels_of(64), target, source, prediction).value == 1
    assert 0 < figure.score(labels_of(64), target, source, prediction).value < 0.1
    assert (prediction == target)[outside].all()


def test_frames_without_motion_or_region_have_no_score():
    frame = draw(3)
    for region in regions_of(NAMES):
        assert region.score(labels_of(64), frame, frame, draw(4)).weight == 0
    _, eyes = regions_of(NAMES)
    assert eyes.score(np.ones((64, 64), np.uint8), frame, draw(5), draw(6)).weight == 0
