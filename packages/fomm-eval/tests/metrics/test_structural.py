from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from fomm_eval.errors import EvaluationError
from fomm_eval.metrics import ssim


def reference(real, generated):
    return structural_similarity(
        real.astype(np.float64),
        generated.astype(np.float64),
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )


@given(
    st.integers(11, 90), st.integers(11, 90), st.integers(0, 9), st.sampled_from([2, 20, 90, 255])
)
def test_single_precision_is_as_good_as_double(height, width, seed, noise):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    real = (127 + 120 * np.sin(x / 9 + seed)[..., None] * np.cos(y / 7)[..., None]).astype(int)
    real = np.repeat(real, 3, axis=2)
    generated = real + random.integers(-noise, noise + 1, real.shape)
    pair = [np.clip(image, 0, 255).astype(np.uint8) for image in (real, generated)]
    assert ssim(*pair) == pytest.approx(reference(*pair), abs=2e-6)


@pytest.mark.parametrize("level", [0, 127, 255])
def test_flat_pictures_lose_nothing_to_rounding(level):
    flat = np.full((40, 40, 3), level, np.uint8)
    assert ssim(flat, flat) == pytest.approx(1, abs=1e-6)
    other = np.full((40, 40, 3), 255 - level, np.uint8)
    assert ssim(flat, other) == pytest.approx(reference(flat, other), abs=1e-5)


def test_frames_below_the_window_are_refused():
    tiny = np.zeros((10, 40, 3), np.uint8)
    with pytest.raises(EvaluationError, match="at least 11x11 pixels, found 40x10"):
        ssim(tiny, tiny)
