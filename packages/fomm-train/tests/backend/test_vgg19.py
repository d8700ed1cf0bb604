"""The gradient of the perceptual loss is the same on both backends, layer by layer."""

import numpy as np
import pytest

from fomm_train.losses.perceptual import perceptual
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.vgg19 import Vgg19


@pytest.mark.parametrize("layer", [1, 3, 5])
def test_gradients_to_the_frame_are_equal(ops, evaluate, golden, vgg, vgg_parameters, layer):
    torch = pytest.importorskip("torch")
    from fomm_train.backend.torch.operations import TorchTrainingOperations
    from fomm_train.backend.torch.parameters import ParameterStore

    fake, real, weights = golden["fake"][:1], golden["real"][:1], [0] * (layer - 1) + [1]

    def build(ops, vgg, frame):
        target = pyramid(ops, ops.constant(real), [0.5])
        return perceptual(ops, pyramid(ops, frame, [0.5]), target, vgg, weights)

    value, (expected,) = evaluate(lambda frame: build(ops, vgg, frame), fake)
    other = TorchTrainingOperations(ParameterStore(torch.device("cpu")))
    frame = torch.tensor(fake, requires_grad=True)
    loss = build(other, Vgg19(other, vgg_parameters), frame)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(value, rel=1e-5)
    found = frame.grad.numpy()
    assert np.linalg.norm(found - expected) < 1e-5 * np.linalg.norm(expected)
