"""The two forms of an up-scaling convolution compute the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.graphs.up_scaling import plain_kernel, plain_up_scaling, transposed_kernel

pytestmark = pytest.mark.once

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=20)


def random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(0, 0.5, shape).astype(np.float32)


@given(seed=seeds)
@few
def test_the_transposed_kernel_gathers_all_taps(seed):
    weights = random(seed, 3, 2, 3, 3)
    kernel = transposed_kernel(weights)
    assert kernel.shape == (2, 3, 4, 4)
    totals = weights.sum(axis=(2, 3)).T
    # Every pixel of the output sees each of the nine taps exactly once.
    for row in range(2):
        for column in range(2):
            part = kernel[:, :, row::2, column::2].sum(axis=(2, 3))
            np.testing.assert_allclose(part, totals, atol=1e-5)


@given(seed=seeds)
@few
def test_the_plain_kernel_is_found_again(seed):
    weights = random(seed, 3, 2, 3, 3)
    np.testing.assert_allclose(plain_kernel(transposed_kernel(weights)), weights, atol=1e-6)


@pytest.mark.parametrize("largest", [24, 30, 31])
def test_small_maps_become_plain(run_onnx, largest):
    graph = OnnxGraph("test", {"x": (1, 2, 6, 5)}, {"y": (1, 3, 12, 10)})
    names = [
        graph.constant("W", transposed_kernel(random(0, 3, 2, 3, 3))),
        graph.constant("b", random(0, 3)),
    ]
    graph.node("ConvTranspose", ["x", *names], "y", strides=[2, 2], pads=[1] * 4)
    x = random(1, 1, 2, 6, 5)
    expected = run_onnx(graph, x=x)["y"]
    plain_up_scaling(graph, largest)
    kinds = ["Resize", "Conv"] if largest >= 30 else ["ConvTranspose"]
    assert [node.op_type for node in graph.nodes] == kinds
    np.testing.assert_allclose(run_onnx(graph, x=x)["y"], expected, atol=1e-6)
