import nnabla as nn
import nnabla.functions as F
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.network.nnabla_operations import NNABLA_KERNELS
from fomm_train.kernels.gathered_warping import warp_by_gathering

USUAL = {"mode": "linear", "padding_mode": "zero", "align_corners": True}


def run(warp, image, grid, **options):
    """Value and gradients of a warping whose inputs are also used elsewhere."""
    inputs = [nn.Variable.from_numpy_array(a, need_grad=True) for a in (image, grid)]
    hidden, places = F.sin(inputs[0]), F.identity(inputs[1])
    warped = warp(hidden, places, **options)
    loss = F.sum(F.tanh(warped)) + F.sum(hidden * 0.5) + F.sum(places * places)
    loss.forward(clear_no_need_grad=True)
    for variable in inputs:
        variable.grad.zero()
    loss.backward(clear_buffer=True)
    return [loss.d.copy(), *(v.g.copy() for v in inputs)]


@settings(max_examples=60)
@given(st.data())
def test_values_and_gradients_are_nnablas(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    batch, channels = (data.draw(st.integers(1, 3)) for _ in range(2))
    height, width, rows, columns = (data.draw(st.integers(2, 7)) for _ in range(4))
    reach = data.draw(st.sampled_from([0.5, 1.0, 1.6]))
    image = rng.normal(size=(batch, channels, height, width)).astype(np.float32)
    grid = rng.uniform(-reach, reach, (batch, rows, columns, 2)).astype(np.float32)
    expected = run(NNABLA_KERNELS.warp_by_grid, image, grid, **USUAL)
    for one, other in zip(run(warp_by_gathering, image, grid, **USUAL), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_pixel_centres_are_the_pixels_and_outside_is_zero():
    image = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4)
    x, y = np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 3))
    grid = np.stack([x, y], axis=-1)[None]
    inside, outside = (
        warp_by_gathering(
            nn.Variable.from_numpy_array(image), nn.Variable.from_numpy_array(places), **USUAL
        )
        for places in (grid, grid + 9)
    )
    nn.forward_all([inside, outside])
    np.testing.assert_allclose(inside.d, image, atol=1e-5)
    assert not outside.d.any()


@pytest.mark.parametrize(
    "options", [{"mode": "nearest"}, {"padding_mode": "reflect"}, {"align_corners": False}]
)
def test_other_options_are_nnablas_own(options):
    image, grid = nn.Variable((1, 2, 5, 5)), nn.Variable((1, 4, 4, 2))
    warped = warp_by_gathering(image, grid, **USUAL | options)
    assert warped.parent.info.type_name == "WarpByGrid"
    arguments = warped.parent.info.args
    assert {name: arguments[name] for name in options} == options
