from __future__ import annotations

import numpy as np

from fomm_core.visualize.maps import grey, heat, picture


def test_pictures_keep_their_values_and_grow_to_size():
    planes = np.zeros((3, 4, 4), np.float32)
    planes[0], planes[1] = 1.0, 0.5
    small, large = picture(planes, (4, 4)), picture(planes, (16, 24))
    assert small.shape == (4, 4, 3)
    assert large.shape == (16, 24, 3)
    for image in (small, large):
        assert (image == [255, 127, 0]).all()


def test_grey_runs_from_black_to_white():
    plane = np.array([[0.0, 1.0]], np.float32)
    np.testing.assert_array_equal(grey(plane, (1, 2)), [[[0] * 3, [255] * 3]])


def test_heat_runs_from_the_ground_to_the_colour():
    ground, color = np.array([20, 20, 40], np.float32), np.array([220, 120, 0], np.float32)
    image = heat(np.array([[0.0, 0.5, 1.0]], np.float32), color, ground, (1, 3))
    np.testing.assert_allclose(image[0], [[20, 20, 40], [120, 70, 20], [220, 120, 0]], atol=1)
