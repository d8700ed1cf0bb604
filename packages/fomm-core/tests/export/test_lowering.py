"""The rules change the form of a graph, never what it computes, and fire only where they may."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.export import lowering
from fomm_core.export.heads import separated_kernels
from fomm_core.export.last_convolution import block_kernel
from fomm_core.graphs.onnx_graph import OnnxGraph

sides = st.integers(1, 9)
large_sides = st.integers(5, 9)
channels = st.integers(1, 5)
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=20)


def random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(0, 0.5, shape).astype(np.float32)


class Builder:
    """Builds a graph from x, (1, C, H, W), to y."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0) -> None:
        self.graph = OnnxGraph("test", {"x": (1, *shape)}, {})
        self.seed = seed

    def constant(self, name: str, array: object) -> str:
        return self.graph.constant(name, np.asarray(array))

    def convolution(
        self, x: str, y: str, maps: tuple[int, int], kernel: tuple[int, int] = (3, 3), **changes
    ) -> str:
        out, inside = maps
        attributes = {"pads": [1] * 4, "strides": [1, 1], "dilations": [1, 1], "group": 1}
        weights = random(self.seed, out, inside // changes.get("group", 1), *kernel)
        names = [self.constant(f"{y}.W", weights), self.constant(f"{y}.b", random(self.seed, out))]
        return self.graph.node("Conv", [x, *names], y, **{**attributes, **changes})

    def normalization(self, x: str, y: str, maps: int) -> str:
        rng = np.random.default_rng(self.seed)
        arrays = {
            "gamma": rng.uniform(-2, 2, maps),
            "beta": rng.normal(0, 1, maps),
            "mean": rng.normal(0, 1, maps),
            "var": rng.uniform(0, 2, maps),
        }
        names = [self.constant(f"{y}.{k}", v.astype(np.float32)) for k, v in arrays.items()]
        return self.graph.node("BatchNormalization", [x, *names], y, epsilon=1e-5)

    def up_scaling(
        self, x: str, y: str, scales: tuple[float, ...] = (1, 1, 2, 2), **changes
    ) -> str:
        attributes = {
            "mode": "nearest",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
            **changes,
        }
        sizes = self.constant(f"{y}.scales", np.array(scales, np.float32))
        return self.graph.node("Resize", [x, "", sizes], y, **attributes)

    def ends(self, **shapes: tuple[int, ...]) -> OnnxGraph:
        self.graph.outputs.update({name: (1, *shape) for name, shape in shapes.items()})
        return self.graph


def kinds(graph: OnnxGraph) -> list[str]:
    return [node.op_type for node in graph.nodes]


def lowered(graph: OnnxGraph) -> OnnxGraph:
    return lowering.lower(copy.deepcopy(graph))


def assert_equal_results(
    run_onnx, graph: OnnxGraph, seed: int = 0, atol: float = 1e-4
) -> OnnxGraph:
    """Lower a copy; both give the same, borders included."""
    changed = lowered(graph)
    x = random(seed, *graph.inputs["x"])
    before, after = run_onnx(graph, x=x), run_onnx(changed, x=x)
    assert before.keys() == after.keys() == graph.outputs.keys()
    for name, array in before.items():
        assert array.shape == after[name].shape == graph.outputs[name]
        np.testing.assert_allclose(after[name], array, rtol=atol, atol=atol)
    return changed


def assert_untouched(run_onnx, graph: OnnxGraph) -> None:
    assert kinds(lowered(graph)) == kinds(graph)
    assert_equal_results(run_onnx, graph)


class TestFoldBatchNormalization:
    @given(seed=seeds, inside=channels, outside=channels, height=sides, width=sides)
    @few
    def test_it_is_folded_into_the_convolution(
        self, run_onnx, seed, inside, outside, height, width
    ):
        b = Builder((inside, height, width), seed)
        b.convolution("x", "c", (outside, inside))
        b.normalization("c", "y", outside)
        changed = assert_equal_results(run_onnx, b.ends(y=(outside, height, width)), seed)
        assert kinds(changed) == ["Conv"]
        assert len(changed.initializers) == 2

    def test_groups_and_strides_are_kept(self, run_onnx):
        b = Builder((4, 6, 8))
        b.convolution("x", "c", (6, 4), (1, 3), group=2, pads=[0, 1, 0, 1], strides=[2, 1])
        b.normalization("c", "y", 6)
        assert kinds(assert_equal_results(run_onnx, b.ends(y=(6, 3, 8)))) == ["Conv"]

    def test_what_is_used_elsewhere_stays(self, run_onnx):
        b = Builder((2, 4, 4))
        b.convolution("x", "c", (3, 2))
        b.normalization("c", "n", 3)
        b.graph.node("Add", ["n", "c"], "y")
        assert_untouched(run_onnx, b.ends(y=(3, 4, 4)))

    def test_outputs_stay(self, run_onnx):
        b = Builder((2, 4, 4))
        b.convolution("x", "c", (3, 2))
        b.normalization("c", "y", 3)
        assert_untouched(run_onnx, b.ends(c=(3, 4, 4), y=(3, 4, 4)))

    def test_normalisation_of_something_else_stays(self, run_onnx):
        b = Builder((2, 4, 4))
        b.graph.node("Relu", ["x"], "r")
        b.normalization("r", "y", 2)
        assert_untouched(run_onnx, b.ends(y=(2, 4, 4)))

    def test_convolutions_without_bias_stay(self, run_onnx):
        b = Builder((2, 4, 4))
        b.convolution("x", "c", (3, 2))
        del b.graph.nodes[0].input[2]
        b.normalization("c", "y", 3)
        graph = b.ends(y=(3, 4, 4))
        graph.drop_unused()
        assert_untouched(run_onnx, graph)

    def test_weights_that_two_convolutions_share_stay(self, run_onnx):
        b = Builder((2, 4, 4))
        b.convolution("x", "c", (2, 2))
        b.normalization("c", "n", 2)
        b.graph.node("Conv", ["n", "c.W", "c.b"], "d", pads=[1] * 4, strides=[1, 1], group=1)
        b.seed = 5
        b.normalization("d", "y", 2)
        assert_untouched(run_onnx, b.ends(y=(2, 4, 4)))


class TestUpScalingConvolution:
    @given(seed=seeds, inside=channels, outside=channels, height=large_sides, width=large_sides)
    @few
    def test_it_becomes_a_transposed_convolution(
        self, run_onnx, seed, inside, outside, height, width
    ):
        b = Builder((inside, height, width), seed)
        b.up_scaling("x", "u")
        b.convolution("u", "y", (outside, inside))
        changed = assert_equal_results(run_onnx, b.ends(y=(outside, 2 * height, 2 * width)), seed)
        assert kinds(changed) == ["ConvTranspose"]

    def test_together_with_batch_normalisation(self, run_onnx):
        b = Builder((2, 4, 5))
        b.up_scaling("x", "u")
        b.convolution("u", "c", (4, 2))
        b.normalization("c", "y", 4)
        assert kinds(assert_equal_results(run_onnx, b.ends(y=(4, 8, 10)))) == ["ConvTranspose"]

    @pytest.mark.parametrize("size", [(4, 4), (2, 8), (1, 1), (2, 3)])
    def test_small_maps_stay(self, run_onnx, size):
        b = Builder((2, *size))
        b.up_scaling("x", "u")
        b.convolution("u", "y", (3, 2))
        assert_untouched(run_onnx, b.ends(y=(3, 2 * size[0], 2 * size[1])))

    @pytest.mark.parametrize(
        ("changes", "size"),
        [
            ({"pads": [0] * 4}, (10, 6)),
            ({"pads": [2] * 4, "dilations": [2, 2]}, (12, 8)),
            ({"pads": [1] * 4, "dilations": [2, 2]}, (10, 6)),
            ({"strides": [2, 2]}, (6, 4)),
            ({"group": 2}, (12, 8)),
            ({"kernel": (5, 5), "pads": [2] * 4}, (12, 8)),
            ({"kernel": (1, 3), "pads": [0, 1, 0, 1]}, (12, 8)),
        ],
    )
    def test_other_convolutions_stay(self, run_onnx, changes, size):
        b = Builder((2, 6, 4))
        b.up_scaling("x", "u")
        b.convolution("u", "y", (4, 2), **changes)
        assert_untouched(run_onnx, b.ends(y=(4, *size)))

    @pytest.mark.parametrize(
        ("scales", "changes", "size"),
        [
            ((1, 1, 3, 3), {}, (18, 12)),
            ((1, 1, 2, 1), {}, (12, 4)),
            ((1, 1, 2, 2), {"mode": "linear", "nearest_mode": "round_prefer_floor"}, (12, 8)),
        ],
    )
    def test_other_resizing_stays(self, run_onnx, scales, changes, size):
        b = Builder((2, 6, 4))
        b.up_scaling("x", "u", scales, **changes)
        b.convolution("u", "y", (4, 2))
        assert_untouched(run_onnx, b.ends(y=(4, *size)))

    def test_what_is_used_elsewhere_stays(self, run_onnx):
        b = Builder((2, 6, 4))
        b.up_scaling("x", "u")
        b.convolution("u", "c", (2, 2))
        b.graph.node("Add", ["u", "c"], "y")
        assert_untouched(run_onnx, b.ends(y=(2, 12, 8)))

    def test_outputs_stay(self, run_onnx):
        b = Builder((2, 6, 4))
        b.up_scaling("x", "u")
        b.convolution("u", "y", (2, 2))
        assert_untouched(run_onnx, b.ends(u=(2, 12, 8), y=(2, 12, 8)))


class TestStridedLastConvolution:
    @given(seed=seeds, inside=channels, maps=st.integers(1, 4), height=sides, width=sides)
    @few
    def test_blocks_are_equal(self, run_onnx, seed, inside, maps, height, width):
        b = Builder((inside, 2 * height, 2 * width), seed)
        b.convolution("x", "c", (maps, inside), (7, 7), pads=[3] * 4)
        b.graph.node("Sigmoid", ["c"], "y")
        graph = b.ends(y=(maps, 2 * height, 2 * width))
        changed = assert_equal_results(run_onnx, graph, seed, atol=1e-6)
        assert kinds(changed) == ["Conv", "Sigmoid", "DepthToSpace"]

    @pytest.mark.parametrize(
        ("size", "maps", "changes"),
        [
            ((5, 8), 3, {"pads": [3] * 4}),
            ((8, 5), 3, {"pads": [3] * 4}),
            ((8, 8), 5, {"pads": [3] * 4}),
            ((14, 14), 3, {"pads": [0] * 4}),
            ((14, 14), 3, {"pads": [3] * 4, "strides": [2, 2]}),
        ],
    )
    def test_others_stay(self, run_onnx, size, maps, changes):
        b = Builder((2, *size))
        b.convolution("x", "c", (maps, 2), (7, 7), **changes)
        b.graph.node("Sigmoid", ["c"], "y")
        smaller = {(0, 0, 0, 0): (size[0] - 6, size[1] - 6)}.get(tuple(changes["pads"]), size)
        halved = tuple(side // 2 for side in size) if "strides" in changes else smaller
        assert_untouched(run_onnx, b.ends(y=(maps, *halved)))

    def test_without_a_sigmoid_it_stays(self, run_onnx):
        b = Builder((2, 8, 8))
        b.convolution("x", "y", (3, 2), (7, 7), pads=[3] * 4)
        assert_untouched(run_onnx, b.ends(y=(3, 8, 8)))

    def test_the_kernels_of_a_block_are_the_kernel_moved(self):
        weights = random(0, 3, 2, 7, 7)
        blocks = block_kernel(weights)
        assert blocks.shape == (12, 2, 8, 8)
        np.testing.assert_array_equal(blocks[0, :, :7, :7], weights[0])
        np.testing.assert_array_equal(blocks[5, :, :7, 1:], weights[1])
        np.testing.assert_array_equal(blocks[11, :, 1:, 1:], weights[2])
        assert np.count_nonzero(blocks) == 4 * np.count_nonzero(weights)


class TestJoinHeads:
    @given(seed=seeds, inside=channels, maps=st.integers(1, 15), height=sides, width=sides)
    @few
    def test_mask_and_occlusion_become_one(self, run_onnx, seed, inside, maps, height, width):
        b = Builder((inside, height, width), seed)
        b.convolution("x", "m", (maps, inside), (7, 7), pads=[3] * 4)
        b.convolution("x", "o", (1, inside), (7, 7), pads=[3] * 4)
        b.graph.node("Softmax", ["m"], "mask", axis=1)
        b.graph.node("Sigmoid", ["o"], "occlusion")
        graph = b.ends(mask=(maps, height, width), occlusion=(1, height, width))
        changed = assert_equal_results(run_onnx, graph, seed, atol=1e-6)
        assert kinds(changed) == ["Conv", "Split", "Softmax", "Sigmoid"]

    def test_outputs_may_be_heads(self, run_onnx):
        b = Builder((2, 6, 5))
        b.convolution("x", "m", (3, 2), (7, 7), pads=[3] * 4)
        b.convolution("x", "o", (1, 2), (7, 7), pads=[3] * 4)
        graph = b.ends(m=(3, 6, 5), o=(1, 6, 5))
        assert kinds(assert_equal_results(run_onnx, graph, atol=1e-6)) == ["Conv", "Split"]

    @pytest.mark.parametrize(
        ("maps", "changes"),
        [
            ((20, 80), {}),
            ((16, 1), {}),
            ((3, 1), {"pads": [1, 1, 5, 5]}),
            ((3, 1), {"kernel": (5, 5), "pads": [2] * 4}),
        ],
    )
    def test_others_stay(self, run_onnx, maps, changes):
        """Those that waste no less when joined, and those that differ in more than the maps."""
        b = Builder((2, 6, 6))
        options = {"kernel": (7, 7), "pads": [3] * 4}
        b.convolution("x", "m", (maps[0], 2), **options)
        b.convolution("x", "o", (maps[1], 2), **{**options, **changes})
        assert_untouched(run_onnx, b.ends(m=(maps[0], 6, 6), o=(maps[1], 6, 6)))


class TestSeparateHeads:
    @given(seed=seeds, maps=st.integers(17, 22), height=sides, width=sides, pad=st.integers(2, 3))
    @few
    def test_columns_add_up(self, run_onnx, seed, maps, height, width, pad):
        b = Builder((180, 2 + height, 2 + width), seed)
        b.convolution("x", "c", (maps, 180), (7, 7), pads=[pad] * 4)
        b.graph.node("Mul", ["c", b.constant("small", np.float32(0.01))], "y")
        size = (2 + height + 2 * pad - 6, 2 + width + 2 * pad - 6)
        changed = assert_equal_results(run_onnx, b.ends(y=(maps, *size)), seed, atol=5e-6)
        assert kinds(changed) == ["Conv", "Conv", "Mul"]

    @pytest.mark.parametrize(("maps", "inside"), [(12, 180), (16, 180), (30, 180), (20, 35)])
    def test_where_it_does_not_pay_they_stay(self, run_onnx, maps, inside):
        """Few maps, many lanes filled, or so few inputs that the second one takes too long."""
        b = Builder((inside, 5, 5))
        b.convolution("x", "y", (maps, inside), (7, 7), pads=[3] * 4)
        assert_untouched(run_onnx, b.ends(y=(maps, 5, 5)))

    def test_each_column_is_counted_once(self):
        weights = random(0, 3, 2, 5, 5)
        columns, total = separated_kernels(weights)
        assert columns.shape == (15, 2, 5, 1)
        assert total.shape == (3, 15, 1, 5)
        found = np.einsum("nous,ocru->ncrs", total.reshape(3, 15, 1, 5), columns)
        np.testing.assert_array_equal(found, weights)


class TestFoldReshape:
    def test_reshaped_constants_are_constants(self, run_onnx):
        b = Builder((2, 3, 4))
        b.constant("k", random(0, 1, 2, 1, 1).reshape(2))
        b.constant("shape", np.array([1, 2, 1, 1], np.int64))
        b.graph.node("Reshape", ["k", "shape"], "r")
        b.graph.node("Add", ["x", "r"], "y")
        assert kinds(assert_equal_results(run_onnx, b.ends(y=(2, 3, 4)))) == ["Add"]

    def test_reshaped_variables_stay(self, run_onnx):
        b = Builder((2, 3, 4))
        b.constant("shape", np.array([1, 3, 8, 1], np.int64))
        b.graph.node("Reshape", ["x", "shape"], "y")
        assert_untouched(run_onnx, b.ends(y=(3, 8, 1)))


class TestHalfStorage:
    def graph(self) -> OnnxGraph:
        b = Builder((8, 20, 20))
        b.convolution("x", "large", (16, 8))
        b.convolution("large", "small", (4, 16), (1, 1), pads=[0] * 4)
        b.constant("grid", random(1, 1, 4, 20, 20) * 1000)
        b.graph.node("Add", ["small", "grid"], "y")
        return b.ends(y=(4, 20, 20))

    def test_only_large_kernels_are_halved(self):
        from onnx import numpy_helper

        graph = self.graph()
        model = graph.to_model({}, half=True)
        stored = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        halved = {name for name, array in stored.items() if array.dtype == np.float16}
        assert halved == {"large.W:half"}
        assert stored["grid"].dtype == np.float32
        np.testing.assert_array_equal(stored["grid"], graph.initializers["grid"])
        assert graph.initializers["large.W"].dtype == np.float32

    def test_results_differ_by_rounding_only(self, run_onnx):
        graph = self.graph()
        x = random(0, 1, 8, 20, 20)
        exact, halved = (run_onnx(graph, half, x=x)["y"] for half in (False, True))
        assert 0 < np.abs(exact - halved).max() < 5e-3
