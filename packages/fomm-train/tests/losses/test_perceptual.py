from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest

from fomm_core.errors import ConfigError
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.losses.perceptual import perceptual
from fomm_train.losses.pyramid import pyramid

SCALES = (1.0, 0.5, 0.25, 0.125)
OPS = NNablaTrainingOperations()


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def value_of(loss):
    loss.forward()
    return float(loss.d)


ANY = {1.0: constant(np.ones((1, 1, 4, 4)))}


def build(golden, vgg, weights, scales=SCALES, need_grad=False):
    real, fake = (
        pyramid(OPS, nn.Variable.from_numpy_array(golden[k], need_grad=need_grad), scales)
        for k in ("real", "fake")
    )
    return perceptual(OPS, fake, real, vgg, weights)


def test_perceptual_equals_the_reference_layer_by_layer(golden, vgg):
    weights = [1, 2, 3, 4, 5]
    expected = float((golden["perceptual_l1"] @ weights).sum())
    assert value_of(build(golden, vgg, weights)) == pytest.approx(expected, rel=1e-5)


def test_perceptual_honours_a_zero_and_a_short_list(golden, vgg):
    loss = build(golden, vgg, [0, 7], scales=(0.25,))
    assert value_of(loss) == pytest.approx(7 * golden["perceptual_l1"][2, 1], rel=1e-5)


def test_layers_behind_the_last_weight_are_not_computed(golden, vgg, functions_in):
    loss = build(golden, vgg, [10, 10, 10, 0, 0], scales=(0.125,))
    assert functions_in(loss)["Convolution"] == 2 * 5


def test_real_features_of_vgg_have_no_backward_work(golden, vgg, functions_in):
    loss = build(golden, vgg, [10] * 5, scales=(0.125,), need_grad=True)
    assert functions_in(loss)["Convolution"] == 2 * 13
    assert functions_in(loss, only_with_gradient=True)["Convolution"] == 13


def test_perceptual_moves_the_prediction_only(golden, vgg, evaluate):
    def build(prediction, target):
        pyramids = (pyramid(OPS, image, (0.125,)) for image in (prediction, target))
        return perceptual(OPS, *pyramids, vgg, [10] * 5)

    _, (to_prediction, to_target) = evaluate(build, golden["fake"], golden["real"])
    assert np.abs(to_prediction).max() > 0
    assert not to_target.any()


@pytest.mark.parametrize("off", [[], [0, 0.0], None])
def test_a_list_without_weights_builds_nothing(off):
    assert perceptual(OPS, ANY, ANY, None, off) is None


def test_more_weights_than_layers_are_refused(vgg):
    with pytest.raises(ConfigError, match=r"loss_weights\.perceptual: expected at most 5 .* 6$"):
        perceptual(OPS, ANY, ANY, vgg, [10] * 6)
