"""Other forms of convolutions, with equal values and gradients."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = st.integers(1, 4)


def draw(torch, seed, *shapes):
    random = np.random.default_rng(seed)
    return [torch.tensor(random.normal(size=s), requires_grad=True) for s in shapes]


def assert_same(torch, form, reference, inputs):
    """Equal values, and equal gradients of a sum of them with weights."""
    one, other = form(*inputs), reference(*inputs)
    weights = torch.linspace(-1, 1, one.numel(), dtype=one.dtype).view(one.shape)
    pair = [torch.autograd.grad((y * weights).sum(), inputs) for y in (one, other)]
    close = {"rtol": 1e-5, "atol": 1e-4}  # sums of some hundred values in float32
    torch.testing.assert_close(one, other, **close)
    torch.testing.assert_close(*pair, **close)


@settings(deadline=None, max_examples=25)
@given(SIZES, SIZES, SIZES, SIZES, st.sampled_from([5, 7]), st.integers(0, 9))
def test_row_by_row(torch, batch, maps, out_maps, more, kernel, seed):
    from fomm_train.backend.torch.convolution import convolve_rows

    pad = seed % kernel
    shapes = ((batch, maps, kernel + more, kernel), (out_maps, maps, kernel, kernel))
    assert_same(
        torch,
        lambda x, weight: convolve_rows(x, weight, pad),
        lambda x, weight: torch.nn.functional.conv2d(x, weight, padding=pad),
        draw(torch, seed, *shapes),
    )


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("height", [3, 8])
def test_upsampling(torch, torch_ops, height, channels_last):
    """The operation against the two that it stands for."""
    ops = replace(torch_ops.scope("block"), channels_last=channels_last)
    (x,) = (x.detach().float().requires_grad_() for x in draw(torch, 0, (2, 3, height, 9)))
    ops.upsampling_convolution(x, 4)
    assert {name: tuple(p.shape) for name, p in ops.parameters().items()} == {
        "conv/W": (4, 3, 3, 3),
        "conv/b": (4,),
    }

    def reference(x, *_):
        return ops.convolution(ops.upsample_nearest(x, 2), 4, 3, 1)

    inputs = [x, *ops.parameters().values()]
    assert_same(torch, lambda x, *_: ops.upsampling_convolution(x, 4), reference, inputs)
