from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_train.config import AppearanceParams, JitterParams
from fomm_train.data.appearance import smooth_noise, vary_appearance

ALL = AppearanceParams(
    jitter_param=JitterParams(brightness=0.3, contrast=0.4, saturation=0.5, hue=0.1),
    gamma=0.4,
    light=0.3,
    background=0.4,
    focus=1.0,
    coarse=0.2,
    occlusion=0.4,
    noise=0.05,
)


def draw(seed, size=24):
    random = np.random.default_rng(seed)
    return random.random((3, size, size), np.float32), (random.random((1, size, size)) > 0.5) * 1.0


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_frames_stay_frames_and_the_given_one_stays_as_it_is(seed):
    frame, foreground = draw(0)
    before = frame.copy()
    found = vary_appearance(frame, foreground, ALL, np.random.default_rng(seed))
    assert found.dtype == np.float32
    assert found.shape == frame.shape
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(frame, before)
    again = vary_appearance(frame, foreground, ALL, np.random.default_rng(seed))
    np.testing.assert_array_equal(found, again)


def test_nothing_is_changed_where_nothing_is_asked():
    frame, foreground = draw(1)
    found = vary_appearance(frame, foreground, AppearanceParams(), np.random.default_rng(0))
    np.testing.assert_allclose(found, np.clip(frame, 1e-4, 1), atol=1e-6)


def test_another_background_leaves_the_foreground():
    frame, foreground = draw(2)
    params = AppearanceParams(background=1.0)
    found = vary_appearance(frame, foreground, params, np.random.default_rng(0))
    shown = np.broadcast_to(foreground == 1, frame.shape)
    np.testing.assert_allclose(found[shown], np.clip(frame, 1e-4, 1)[shown], atol=1e-6)
    assert np.abs(found - frame)[~shown].mean() > 0.1


@pytest.mark.parametrize(
    "name", ["gamma", "light", "focus", "coarse", "occlusion", "noise", "background"]
)
def test_each_change_changes_something(name):
    frame, _ = draw(3)
    params = AppearanceParams(**{name: 1.0})
    found = vary_appearance(frame, np.zeros((1, 24, 24)), params, np.random.default_rng(4))
    assert np.abs(found - frame).max() > 0.01


def test_noise_is_smooth_and_even_where_its_values_are():
    np.testing.assert_allclose(smooth_noise(np.full((2, 3, 3), 0.5), (8, 10)), 0.5, atol=1e-6)
    ramp = smooth_noise(np.arange(9.0).reshape(1, 3, 3), (32, 32))
    assert ramp.shape == (1, 32, 32)
    assert np.abs(np.diff(ramp, axis=2)).max() < 0.3
