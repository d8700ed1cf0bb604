from __future__ import annotations

import numpy as np
import pytest

from fomm_core.image import to_network, to_uint8

pytestmark = pytest.mark.once


def test_the_network_form_and_back_is_exact():
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    image[0, 0] = (0, 128, 255)

    planes = to_network(image)

    assert (planes.shape, planes.dtype, planes.flags.c_contiguous) == ((3, 6, 5), np.float32, True)
    assert planes[:, 0, 0].tolist() == [0.0, np.float32(128) / np.float32(255), 1.0]
    np.testing.assert_array_equal(to_uint8(planes), image)


def test_every_level_survives_there_and_back():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)

    np.testing.assert_array_equal(to_uint8(to_network(levels)), levels)


def test_values_are_clipped_and_truncated():
    column = np.array([-3.0, -0.001, 0.0, 0.9999 / 255, 127.99 / 255, 0.9999, 1.0, 7.0])
    image = np.broadcast_to(column.astype(np.float32), (3, 1, 8))

    frame = to_uint8(image)

    assert frame[0, :, 0].tolist() == [0, 0, 0, 0, 127, 254, 255, 255]
    assert (frame.shape, frame.dtype, frame.flags.c_contiguous) == ((1, 8, 3), np.uint8, True)


def test_to_uint8_leaves_its_argument_alone():
    image = np.full((3, 2, 2), 0.5, np.float32)

    to_uint8(image)

    assert (image == 0.5).all()
