import nnabla as nn
import nnabla.functions as F
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.network.nnabla_operations import NNABLA_KERNELS
from fomm_train.kernels.blas_convolution import BlasConvolution


def run(convolution, seed, shape, weight_shape, bias, **options):
    """Value and gradients of a convolution whose inputs are also used elsewhere."""
    rng = np.random.default_rng(seed)
    shapes = [shape, weight_shape] + ([weight_shape[:1]] if bias else [])
    inputs = [
        nn.Variable.from_numpy_array(rng.normal(size=s).astype(np.float32), need_grad=True)
        for s in shapes
    ]
    hidden = F.tanh(inputs[0])
    y = convolution(hidden, *inputs[1:], **options)
    loss = F.sum(F.sin(y)) + F.sum(hidden * 0.5)
    loss.forward(clear_no_need_grad=True)
    for variable in inputs:
        variable.grad.zero()
    loss.backward(clear_buffer=True)
    return [loss.d.copy(), *(v.g.copy() for v in inputs)]


def assert_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(one, other, atol=2e-5 * scale)


@settings(max_examples=40)
@given(st.data())
def test_values_and_gradients_are_nnablas(data):
    small = st.integers(1, 4)
    kernel = (data.draw(small), data.draw(small))
    pad = tuple(data.draw(st.integers(0, size - 1)) for size in kernel)
    sides = [data.draw(st.integers(max(1, k - 2 * p), 9)) for k, p in zip(kernel, pad, strict=True)]
    batch, channels, maps = (data.draw(small) for _ in range(3))
    arguments = (
        data.draw(st.integers(0, 99)),
        (batch, channels, *sides),
        (maps, channels, *kernel),
        data.draw(st.booleans()),
    )
    expected = run(NNABLA_KERNELS.convolution, *arguments, pad=pad)
    assert_equal(run(BlasConvolution(), *arguments, pad=pad), expected)


@pytest.mark.parametrize(
    "options",
    [{"stride": (2, 2)}, {"dilation": (2, 1)}, {"group": 2}, {"pad": (3, 1)}],
)
def test_other_options_are_nnablas_own(options):
    maps = (4, 2 if "group" in options else 4, 3, 3)
    arguments = (0, (2, 4, 8, 8), maps, True)
    convolution = BlasConvolution()
    assert_equal(
        run(convolution, *arguments, **options),
        run(NNABLA_KERNELS.convolution, *arguments, **options),
    )
    y = convolution(nn.Variable(arguments[1]), nn.Variable(maps), **options)
    assert y.parent.info.type_name == "Convolution"


def test_memory_is_shared_but_not_mixed_up():
    convolution = BlasConvolution()
    rng = np.random.default_rng(0)
    x = nn.Variable.from_numpy_array(rng.normal(size=(2, 3, 12, 12)), need_grad=True)
    weights = [
        nn.Variable.from_numpy_array(rng.normal(size=s), need_grad=True)
        for s in ((8, 3, 7, 7), (2, 8, 3, 3), (5, 2, 3, 3))
    ]

    def gradient(convolve):
        y = x
        for weight in weights:
            y = F.relu(convolve(y, weight, pad=(1, 1)))
        loss = F.sum(y)
        loss.forward()
        x.grad.zero()
        loss.backward()
        return x.g.copy()

    np.testing.assert_allclose(
        gradient(convolution), gradient(NNABLA_KERNELS.convolution), rtol=1e-4, atol=1e-3
    )
