from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from fomm_eval.errors import EvaluationError
from fomm_eval.metrics import ssim


def definition(real, generated):
    """Equation 13 of Wang et al. 2004, window by window."""
    tap = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights = np.outer(tap, tap) / tap.sum() ** 2
    x, y = (
        sliding_window_view(frame.astype(np.float64), (11, 11), (0, 1))
        for frame in (real, generated)
    )

    def mean(values):
        return (values * weights).sum((-2, -1), keepdims=True)

    mean_x, mean_y = mean(x), mean(y)
    variance_x, variance_y = mean((x - mean_x) ** 2), mean((y - mean_y) ** 2)
    covariance = mean((x - mean_x) * (y - mean_y))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)).mean()


@given(
    st.integers(11, 40), st.integers(11, 40), st.integers(0, 9), st.sampled_from([2, 20, 90, 255])
)
@example(height=11, width=11, seed=1, noise=20)
def test_frames_of_any_size_score_as_the_paper_defines(height, width, seed, noise):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    real = (127 + 120 * np.sin(x / 9 + seed)[..., None] * np.cos(y / 7)[..., None]).astype(int)
    real = np.repeat(real, 3, axis=2)
    generated = real + random.integers(-noise, noise + 1, real.shape)
    pair = [np.clip(image, 0, 255).astype(np.uint8) for image in (real, generated)]
    assert ssim(*pair) == pytest.approx(definition(*pair), abs=1e-9)


@pytest.mark.parametrize("level", [0, 127, 255])
def test_flat_pictures_lose_nothing_to_rounding(level):
    flat = np.full((40, 40, 3), level, np.uint8)
    assert ssim(flat, flat) == pytest.approx(1, abs=1e-9)
    other = np.full((40, 40, 3), 255 - level, np.uint8)
    assert ssim(flat, other) == pytest.approx(definition(flat, other), abs=1e-9)


def test_frames_below_the_window_are_refused():
    tiny = np.zeros((10, 40, 3), np.uint8)
    with pytest.raises(EvaluationError, match="at least 11x11 pixels, found 40x10"):
        ssim(tiny, tiny)
