from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fomm_eval.metrics import l1_distance, psnr

images = arrays(np.uint8, (6, 5, 3))


@given(images, images)
def test_l1_is_the_mean_absolute_difference_in_0_1(real, generated):
    expected = np.abs(real / 255.0 - generated / 255.0).mean()
    assert l1_distance(real, generated) == pytest.approx(expected, abs=1e-12)
    assert l1_distance(generated, real) == l1_distance(real, generated)


@given(images, images)
def test_psnr_is_that_of_the_definition(real, generated):
    error = np.square(real / 255.0 - generated / 255.0).mean()
    expected = min(100.0, -10 * math.log10(error)) if error else 100.0
    assert psnr(real, generated) == pytest.approx(expected)


@given(st.integers(1, 255))
def test_psnr_of_a_constant_difference(off):
    real, generated = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), off, np.uint8)
    assert psnr(real, generated) == pytest.approx(20 * math.log10(255 / off))
    assert l1_distance(real, generated) == pytest.approx(off / 255)
