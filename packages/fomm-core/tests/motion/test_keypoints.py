from __future__ import annotations

import numpy as np
import pytest

from fomm_core.motion.keypoints import Keypoints


def test_numbers_become_contiguous_float32():
    value = np.arange(8.0).reshape(2, 4).T
    keypoints = Keypoints(value, np.ones((4, 2, 2), int))
    assert len(keypoints) == 4
    assert keypoints.value.dtype == keypoints.jacobian.dtype == np.float32
    assert keypoints.value.flags.c_contiguous
    np.testing.assert_array_equal(keypoints.value, value)


def test_lists_do():
    assert Keypoints([[0, 1], [1, 0]]).jacobian is None


@pytest.mark.parametrize("shape", [(4,), (4, 3), (1, 4, 2), ()])
def test_values_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected shape \(K, 2\), found"):
        Keypoints(np.zeros(shape))


@pytest.mark.parametrize("shape", [(4, 2), (3, 2, 2), (4, 4), (1, 4, 2, 2)])
def test_jacobians_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected shape \(4, 2, 2\), found"):
        Keypoints(np.zeros((4, 2)), np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_number_makes_them_not_finite(bad):
    value, jacobian = np.zeros((4, 2)), np.zeros((4, 2, 2))
    assert Keypoints(value, jacobian).is_finite
    assert Keypoints(value).is_finite
    jacobian[3, 1, 0] = bad
    assert not Keypoints(value, jacobian).is_finite
    value[0, 1] = bad
    assert not Keypoints(value).is_finite
