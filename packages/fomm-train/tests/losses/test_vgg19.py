from __future__ import annotations

import nnabla as nn
import numpy as np
import pytest

from fomm_core.errors import ParameterError
from fomm_core.model.parameters import save_parameters
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.vgg19 import Vgg19


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def test_features_equal_the_reference(golden, vgg):
    features = vgg.features(constant(golden["real"]))
    nn.forward_all(features)
    assert len(features) == 5
    for i, feature in enumerate(features, start=1):
        mean, std = golden[f"vgg_relu{i}_1_mean"], golden[f"vgg_relu{i}_1_std"]
        assert feature.d.mean() == pytest.approx(float(mean), rel=1e-5)
        assert feature.d.std() == pytest.approx(float(std), rel=1e-5)


def test_distances_of_features_equal_the_reference_at_all_scales(ops, golden, vgg):
    scales = (1, 0.5, 0.25, 0.125)
    real, fake = (pyramid(ops, constant(golden[k]), scales) for k in ("real", "fake"))
    found = []
    for scale in scales:
        both = [vgg.features(images[scale]) for images in (real, fake)]
        nn.forward_all([*both[0], *both[1]])
        found.append([np.abs(a.d - b.d).mean() for a, b in zip(*both, strict=True)])
    np.testing.assert_allclose(found, golden["perceptual_l1"], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("layer", "convolutions"), [(0, 1), (1, 3), (2, 5), (3, 9), (4, 13)])
def test_a_feature_takes_only_the_layers_before_it(vgg, functions_in, layer, convolutions):
    features = vgg.features(nn.Variable((1, 3, 32, 32)))
    assert functions_in(features[layer])["Convolution"] == convolutions


def test_weights_are_neither_trained_nor_stored_with_the_model(vgg, functions_in, evaluate):
    before = len(nn.get_parameters(grad_only=False))
    features = vgg.features(nn.Variable((1, 3, 16, 16)))
    assert len(nn.get_parameters(grad_only=False)) == before
    assert functions_in(features[-1], only_with_gradient=True).total() == 0

    def build(image):
        import nnabla.functions as F

        return F.mean(vgg.features(image)[-1])

    _, (to_image,) = evaluate(build, np.random.default_rng(12).uniform(0, 1, (1, 3, 16, 16)))
    assert np.abs(to_image).max() > 0


def test_a_file_with_a_classifier_loads(ops, tmp_path, vgg_parameters, vgg):
    path = tmp_path / "vgg19.h5"
    classifier = {"classifier/0/affine/W": np.zeros((4, 2)), "classifier/0/affine/b": np.zeros(2)}
    save_parameters(path, {**vgg_parameters, **classifier})
    image = constant(np.random.default_rng(13).uniform(0, 1, (1, 3, 16, 16)))
    loaded, expected = Vgg19.load(ops, path).features(image)[-1], vgg.features(image)[-1]
    nn.forward_all([loaded, expected])
    np.testing.assert_array_equal(loaded.d, expected.d)


def test_missing_and_misshapen_weights_are_named(ops, vgg_parameters):
    incomplete = {k: v for k, v in vgg_parameters.items() if k != "conv7/conv/W"}
    with pytest.raises(ParameterError, match=r"^here: conv7/conv/W: .* found no such parameter"):
        Vgg19(ops, incomplete, "here")
    with pytest.raises(ParameterError, match=r"conv1/conv/b: .*\(64,\), found \(3,\)"):
        Vgg19(ops, {**vgg_parameters, "conv1/conv/b": np.zeros(3)})
