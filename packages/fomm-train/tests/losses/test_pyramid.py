from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest

from fomm_core.errors import ConfigError
from fomm_core.network.warping import down_scale
from fomm_train.losses.pyramid import pyramid

SCALES = (1, 0.5, 0.25, 0.125)


def test_pyramid_equals_the_reference(ops, golden_io):
    images = pyramid(ops, nn.Variable.from_numpy_array(golden_io["driving"]), SCALES)
    nn.forward_all(list(images.values()))
    for scale, image in images.items():
        np.testing.assert_allclose(image.d, golden_io[f"pyramid_driving_{scale}"], atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (24, 40)])
def test_dropping_pixels_early_changes_nothing(ops, height, width):
    random = np.random.default_rng(6)
    source = nn.Variable.from_numpy_array(random.uniform(0, 1, (2, 3, height, width)))
    for scale, image in pyramid(ops, source, SCALES).items():
        expected = down_scale(ops, source, round(1 / scale))
        nn.forward_all([image, expected])
        np.testing.assert_allclose(image.d, expected.d, atol=2e-6)


def test_a_scale_between_integers_is_refused(ops):
    with pytest.raises(ConfigError, match=r"expected 1 / integer .* found 0.3"):
        pyramid(ops, nn.Variable((1, 3, 16, 16)), [1.0, 0.3])
