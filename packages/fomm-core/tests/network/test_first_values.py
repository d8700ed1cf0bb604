"""First values of parameters; that they are NNabla's is tested where both train."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.network.first_values import draw_kernels, full, normal

pytestmark = pytest.mark.once


@given(st.integers(1, 8), st.integers(1, 8), st.sampled_from([1, 3, 7]), st.integers(0, 2**32 - 1))
def test_kernels_begin_within_he_bounds(maps, out_maps, kernel, seed):
    weight, bias = (
        draw(np.random.RandomState(seed)) for draw in draw_kernels(maps, out_maps, kernel)
    )
    assert weight.shape == (out_maps, maps, kernel, kernel)
    assert bias.shape == (out_maps,)
    limit = np.float32(1 / np.sqrt(maps * kernel * kernel))
    for array in (weight, bias):
        assert array.dtype == np.float32
        assert np.abs(array).max() <= limit


def test_kernels_fill_their_bounds():
    draw, _ = draw_kernels(16, 64, 3)
    weight = draw(np.random.RandomState(0))
    assert np.abs(weight).max() > 0.99 / 12
    assert weight.std() == pytest.approx(1 / 12 / np.sqrt(3), rel=0.02)


def test_an_initial_bias_leaves_no_weights():
    weight, bias = draw_kernels(2, 3, 7, np.array([1, 0, -1], np.float32))
    random = np.random.RandomState(0)
    assert not weight(random).any()
    assert bias(random).tolist() == [1, 0, -1]


def test_what_is_drawn_depends_on_what_was_drawn_before():
    random = np.random.RandomState(5)
    found = [draw(random) for draw in (*draw_kernels(1, 2, 3), normal((2,)), full((2,), 1))]
    again = np.random.RandomState(5)
    expected = [again.uniform(-1 / 3, 1 / 3, 18), again.uniform(-1 / 3, 1 / 3, 2)]
    expected += [again.normal(0, 1, 2), np.ones(2)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.ravel(), other, rtol=1e-6)
