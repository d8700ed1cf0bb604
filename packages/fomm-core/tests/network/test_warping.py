from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates

sizes = st.integers(2, 12)


def run(variable) -> np.ndarray:
    import nnabla as nn

    nn.forward_all([variable])
    return np.array(variable.d)


def variable(array: np.ndarray):
    import nnabla as nn

    return nn.Variable.from_numpy_array(np.asarray(array, np.float32))


def operations():
    from fomm_core.network.nnabla_operations import NNablaOperations

    return NNablaOperations()


def test_the_grid_runs_from_corner_to_corner():
    from fomm_core.network.warping import coordinate_grid

    grid = coordinate_grid(3, 5)
    assert grid.shape == (3, 5, 2)
    assert grid.dtype == np.float32
    np.testing.assert_allclose(grid[0, :, 0], [-1, -0.5, 0, 0.5, 1])
    np.testing.assert_allclose(grid[:, 0, 1], [-1, 0, 1])


@given(seed=st.integers(0, 2**32 - 1), height=sizes, width=sizes)
@settings(max_examples=25)
def test_warping_is_bilinear_with_aligned_corners_and_zeros_outside(seed, height, width):
    from fomm_core.network.warping import warp

    rng = np.random.default_rng(seed)
    image = rng.uniform(0, 1, (height, width))
    grid = rng.uniform(-1.5, 1.5, (4, 6, 2))
    found = run(warp(operations(), variable(image[None, None]), variable(grid[None])))[0, 0]
    x, y = ((grid[..., i] + 1) / 2 * (n - 1) for i, n in ((0, width), (1, height)))
    expected = map_coordinates(np.pad(image, 8), [y + 8, x + 8], order=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@given(height=sizes, width=sizes)
@settings(max_examples=10)
def test_the_identity_grid_changes_nothing(height, width):
    from fomm_core.network.warping import coordinate_grid, warp

    image = np.random.default_rng(0).uniform(0, 1, (1, 2, height, width)).astype(np.float32)
    found = run(warp(operations(), variable(image), variable(coordinate_grid(height, width)[None])))
    np.testing.assert_allclose(found, image, atol=1e-5)


def test_heat_maps_peak_at_their_keypoints():
    from fomm_core.network.warping import gaussian_heatmaps

    value = np.array([[[0.5, -1.0], [0.0, 0.0]]])
    found = run(gaussian_heatmaps(operations(), variable(value), (9, 5), 0.01))
    assert found.shape == (1, 2, 9, 5)
    assert np.unravel_index(found[0, 0].argmax(), (9, 5)) == (0, 3)
    assert np.unravel_index(found[0, 1].argmax(), (9, 5)) == (4, 2)
    np.testing.assert_allclose(found[0].max(axis=(1, 2)), 1, atol=1e-6)
    np.testing.assert_allclose(found[0, 1, 4, 3], np.exp(-0.5 * 0.5**2 / 0.01), atol=1e-6)


@pytest.mark.parametrize("stride", [2, 3, 4, 8])
def test_down_scaling_is_a_gaussian_and_every_nth_pixel(stride):
    from fomm_core.network.warping import anti_alias_kernel, down_scale

    image = np.random.default_rng(stride).uniform(0, 1, (2, 3, 24, 48))
    found = run(down_scale(operations(), variable(image), stride))
    sigma, radius = (stride - 1) / 2, len(anti_alias_kernel(stride)) // 2
    smooth = gaussian_filter(
        image, (0, 0, sigma, sigma), mode="constant", radius=(0, 0, radius, radius)
    )
    np.testing.assert_allclose(found, smooth[:, :, ::stride, ::stride], atol=1e-5)


@pytest.mark.parametrize(("stride", "size"), [(2, 5), (4, 13), (8, 29)])
def test_the_anti_alias_kernel(stride, size):
    from fomm_core.network.warping import anti_alias_kernel

    kernel = anti_alias_kernel(stride)
    assert kernel.shape == (size, size)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(kernel, kernel.T)


def test_resizing_to_the_same_size_is_free():
    from fomm_core.network.warping import resize, resize_grid

    maps, grid = variable(np.zeros((1, 2, 4, 6))), variable(np.zeros((1, 4, 6, 2)))
    assert resize(operations(), maps, (4, 6)) is maps
    assert resize_grid(operations(), grid, (4, 6)) is grid


def test_resizing_has_half_pixel_centres():
    from fomm_core.network.warping import resize, resize_grid

    ramp = np.arange(4.0).reshape(1, 1, 1, 4) * np.ones((1, 1, 2, 1))
    expected = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)
    found = run(resize(operations(), variable(ramp), (4, 8)))
    np.testing.assert_allclose(found[0, 0], np.tile(expected, (4, 1)), atol=1e-6)
    grid = np.concatenate([ramp, -ramp], axis=1).transpose(0, 2, 3, 1)
    found = run(resize_grid(operations(), variable(grid), (4, 8)))
    np.testing.assert_allclose(found[0, ..., 1], np.tile(-expected, (4, 1)), atol=1e-6)


@pytest.mark.parametrize("size", [(4, 8), (9, 5), (12, 12)])
def test_resized_with_aligned_corners_the_identity_stays_the_identity(size):
    from fomm_core.network.warping import coordinate_grid, resize_grid

    grid = variable(coordinate_grid(3, 4)[None])
    found = run(resize_grid(operations(), grid, size, align_corners=True))
    np.testing.assert_allclose(found[0], coordinate_grid(*size), atol=1e-6)
    assert (
        np.abs(run(resize_grid(operations(), grid, size))[0] - coordinate_grid(*size)).max() > 0.01
    )
