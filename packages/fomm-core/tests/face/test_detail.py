"""Detail of the source: it comes along with the motion, and stays away where it is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.engine.base import Diagnostics
from fomm_core.face.detail import SourceDetail, displacement
from fomm_core.image import resample, to_network

MODEL, LARGE = (32, 32), (128, 128)


def reduced(image: np.ndarray) -> np.ndarray:
    return resample(image, MODEL, (0, 0, image.shape[1], image.shape[0]))


def still(size: tuple[int, int] = (8, 8)) -> np.ndarray:
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in size)
    return np.stack(np.meshgrid(x, y), axis=-1)


@pytest.fixture(scope="module")
def source() -> np.ndarray:
    """Soft shapes with fine stripes on them."""
    y, x = np.mgrid[:128, :128]
    soft = 128 + 50 * np.sin(x / 21) * np.cos(y / 17)
    return np.stack([soft + 20 * (x % 4 < 2), soft, soft + 20 * (y % 4 < 2)], -1).astype(np.uint8)


@pytest.fixture
def maps(source) -> Diagnostics:
    nothing = np.zeros((2, 8, 8), np.float32)
    image = to_network(reduced(source))
    return Diagnostics(image, np.ones((1, 8, 8), np.float32), nothing, nothing, still())


def error(image: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(image.astype(float) - truth)[16:-16, 16:-16].mean())


def test_a_source_that_does_not_move_is_itself_again(source, maps):
    result = SourceDetail(source, MODEL).enlarge(reduced(source), maps)
    np.testing.assert_allclose(result.astype(int), source, atol=1)


def test_detail_moves_with_the_deformation(source, maps):
    truth = np.roll(source, 8, axis=1)
    prediction = reduced(truth)
    cells = np.float32(8 / 128 * 8)
    moved = still() - np.array([cells * 2 / 7, 0], np.float32)
    deformed = to_network(prediction)
    shown = replace(maps, deformed=deformed, deformation=moved)
    result = SourceDetail(source, MODEL).enlarge(prediction, shown)
    plain = resample(prediction, LARGE, (0, 0, 32, 32))
    assert error(result, truth) < 0.1 * error(plain, truth)


@pytest.mark.parametrize("reason", ["prediction", "occlusion"])
def test_where_the_source_is_not_seen_there_is_no_ghost(source, maps, reason):
    prediction = reduced(source)
    if reason == "prediction":
        maps = replace(maps, deformed=1 - maps.deformed)
        prediction = np.full_like(prediction, 200)
    else:
        maps = replace(maps, occlusion_map=np.zeros((1, 8, 8), np.float32))
    result = SourceDetail(source, MODEL).enlarge(prediction, maps)
    plain = resample(prediction, LARGE, (0, 0, 32, 32))
    assert np.abs(result.astype(int) - plain).mean() < 0.5


def test_models_without_occlusion_map_have_detail_too(source, maps):
    maps = replace(maps, occlusion_map=None)
    result = SourceDetail(source, MODEL).enlarge(reduced(source), maps)
    assert error(result, source) < 1


def test_a_small_source_has_none(maps):
    small = np.full((20, 20, 3), 90, np.uint8)
    result = SourceDetail(small, MODEL).enlarge(np.full((*MODEL, 3), 90, np.uint8), maps)
    np.testing.assert_array_equal(result, small)


@given(dx=st.floats(-1, 1), dy=st.floats(-1, 1))
def test_a_shift_is_the_same_at_every_size(dx, dy):
    moved = still((9, 5)) + np.array([dx, dy], np.float32)
    large = displacement(moved, (90, 100))
    np.testing.assert_allclose(large[..., 0], dx * (5 - 1) / 2 * 100 / 5, atol=1e-3)
    np.testing.assert_allclose(large[..., 1], dy * (9 - 1) / 2 * 90 / 9, atol=1e-3)


def test_at_rest_nothing_moves():
    np.testing.assert_allclose(displacement(still((64, 64)), (300, 500)), 0, atol=1e-3)
