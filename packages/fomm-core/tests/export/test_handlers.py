"""Each handler says in ONNX what the NNabla function computes."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import ExportError

nn = pytest.importorskip("nnabla", reason="NNabla is not installed (Python 3.10 only)")
F = pytest.importorskip("nnabla.functions")

from fomm_core.export.handlers import HANDLERS  # noqa: E402 - needs NNabla
from fomm_core.export.walk import walk  # noqa: E402
from fomm_core.network.stages import Stage  # noqa: E402

RNG = np.random.default_rng(0)


def constant(*shape: int):
    return nn.Variable.from_numpy_array(RNG.normal(0, 0.5, shape).astype(np.float32))


def positive(*shape: int):
    return nn.Variable.from_numpy_array(RNG.uniform(0.5, 1.5, shape).astype(np.float32))


def normalization(x):
    shape = (1, x.shape[1], 1, 1)
    beta, gamma, mean, variance = (
        constant(*shape),
        positive(*shape),
        constant(*shape),
        positive(*shape),
    )
    return F.batch_normalization(x, beta, gamma, mean, variance, eps=1e-3, batch_stat=False)


def warped(x):
    grid = RNG.uniform(-1.4, 1.4, (x.shape[0], 5, 7, 2)).astype(np.float32)
    return F.warp_by_grid(
        x, nn.Variable.from_numpy_array(grid), "linear", "zero", align_corners=True
    )


MAPS = (2, 4, 6, 8)

# (function's name in NNabla, shape of x, what is made of x)
CASES = [
    ("Add2", MAPS, lambda x: x + constant(*MAPS)),
    ("Add2", MAPS, lambda x: constant(1, 4, 1, 1) + x),
    ("Add2", MAPS, lambda x: F.relu(x) + F.relu(x)),
    ("AddScalar", MAPS, lambda x: x + 0.75),
    ("AveragePooling", MAPS, lambda x: F.average_pooling(x, (2, 2))),
    ("AveragePooling", MAPS, lambda x: F.average_pooling(x, (3, 2), stride=(1, 2))),
    ("BatchMatmul", (2, 3, 4), lambda x: F.batch_matmul(x, constant(2, 4, 5))),
    ("BatchMatmul", (2, 3, 4), lambda x: F.batch_matmul(x, constant(2, 5, 4), transpose_b=True)),
    ("BatchMatmul", (2, 3, 4), lambda x: F.batch_matmul(x, constant(2, 3, 5), transpose_a=True)),
    ("BatchNormalization", MAPS, normalization),
    ("Broadcast", (2, 1, 6, 1), lambda x: F.broadcast(x, MAPS)),
    ("Concatenate", MAPS, lambda x: F.concatenate(x, constant(2, 3, 6, 8), x, axis=1)),
    (
        "Convolution",
        MAPS,
        lambda x: F.convolution(x, constant(5, 4, 3, 3), constant(5), pad=(1, 1)),
    ),
    ("Convolution", MAPS, lambda x: F.convolution(x, constant(5, 4, 3, 3))),
    (
        "Convolution",
        MAPS,
        lambda x: F.convolution(
            x, constant(6, 2, 3, 5), pad=(1, 2), stride=(2, 1), dilation=(1, 1), group=2
        ),
    ),
    ("Convolution", MAPS, lambda x: F.convolution(x, constant(2, 4, 2, 3), dilation=(2, 3))),
    (
        "DepthwiseConvolution",
        MAPS,
        lambda x: F.depthwise_convolution(x, constant(4, 5, 3), pad=(2, 1)),
    ),
    (
        "DepthwiseConvolution",
        MAPS,
        lambda x: F.depthwise_convolution(x, constant(4, 3, 3), constant(4), pad=(1, 1)),
    ),
    ("Div2", MAPS, lambda x: x / positive(*MAPS)),
    ("Exp", MAPS, F.exp),
    ("Identity", MAPS, F.identity),
    (
        "Interpolate",
        MAPS,
        lambda x: F.interpolate(
            x, output_size=(12, 20), mode="linear", align_corners=False, half_pixel=True
        ),
    ),
    (
        "Interpolate",
        MAPS,
        lambda x: F.interpolate(
            x, output_size=(3, 4), mode="linear", align_corners=False, half_pixel=True
        ),
    ),
    (
        "Interpolate",
        MAPS,
        lambda x: F.interpolate(x, output_size=(12, 20), mode="linear", align_corners=True),
    ),
    ("Mul2", MAPS, lambda x: x * constant(2, 1, 6, 8)),
    ("MulScalar", MAPS, lambda x: x * -1.5),
    ("PowScalar", MAPS, lambda x: F.pow_scalar(x, 2)),
    ("RSubScalar", MAPS, lambda x: 1 - x),
    ("ReLU", MAPS, F.relu),
    ("Reshape", MAPS, lambda x: F.reshape(x, (2, 24, -1), inplace=False)),
    ("Sigmoid", MAPS, F.sigmoid),
    ("Slice", MAPS, lambda x: x[:, 1:3, ::2, 1:-1:3]),
    ("Slice", MAPS, lambda x: x[:, -2:, 2:, :-3]),
    ("Slice", MAPS, lambda x: x[..., ::-1]),
    ("Softmax", MAPS, lambda x: F.softmax(x, axis=1)),
    ("Softmax", MAPS, lambda x: F.softmax(x, axis=3)),
    ("Sub2", MAPS, lambda x: constant(1, 1, 1, 8) - x),
    ("Sum", MAPS, lambda x: F.sum(x, axis=(2, 3))),
    ("Sum", MAPS, lambda x: F.sum(x, axis=1, keepdims=True)),
    ("Transpose", MAPS, lambda x: F.transpose(x, (0, 2, 3, 1))),
    ("Unpooling", MAPS, lambda x: F.unpooling(x, (2, 2))),
    ("Unpooling", MAPS, lambda x: F.unpooling(x, (1, 3))),
    ("WarpByGrid", MAPS, warped),
]


def functions_of(variable) -> set[str]:
    found = set()
    variable.visit(lambda function: found.add(function.info.type_name))
    return found


@pytest.mark.parametrize(
    ("kind", "shape", "build"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_a_function_is_said_in_onnx(run_onnx, kind, shape, build):
    x = nn.Variable(shape)
    y = build(x)
    assert kind in functions_of(y)
    graph = walk(Stage("test", {"x": x}, {"y": y}), {})
    x.d = RNG.normal(0, 1, shape)
    image = np.array(x.d)
    y.forward()
    found = run_onnx(graph, x=image)["y"]
    assert found.shape == y.shape
    np.testing.assert_allclose(found, y.d, rtol=1e-5, atol=1e-5)


def test_every_handler_is_tested():
    assert {kind for kind, _, _ in CASES} == set(HANDLERS)


REFUSED = [
    (lambda x: F.tanh(x), "graph test: no ONNX handler for NNabla function Tanh"),
    (lambda x: F.rand(shape=x.shape) * x, "no ONNX handler for NNabla function Rand"),
    (
        lambda x: F.average_pooling(x, (2, 2), pad=(1, 1)),
        r"AveragePooling: expected pad = \[0, 0\], found \[1, 1\]",
    ),
    (
        lambda x: F.interpolate(x, output_size=(3, 4), mode="nearest"),
        "Interpolate: expected mode = linear, found nearest",
    ),
    (
        lambda x: F.interpolate(
            x, output_size=(3, 4), mode="linear", align_corners=False, half_pixel=False
        ),
        "Interpolate: expected half_pixel = True, found False",
    ),
    (
        lambda x: F.warp_by_grid(x, constant(2, 5, 7, 2), "linear", "zero", align_corners=False),
        "WarpByGrid: expected align_corners = True, found False",
    ),
    (
        lambda x: F.warp_by_grid(x, constant(2, 5, 7, 2), "linear", "reflect", align_corners=True),
        "WarpByGrid: expected padding_mode = zero, found reflect",
    ),
    (
        lambda x: F.batch_normalization(
            x, *(constant(1, 4, 1, 1) for _ in range(4)), batch_stat=True
        ),
        "BatchNormalization: expected batch_stat = False, found True",
    ),
    (
        lambda x: F.depthwise_convolution(x, constant(8, 3, 3), multiplier=2),
        "DepthwiseConvolution: expected multiplier = 1, found 2",
    ),
]


@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_what_cannot_be_said_is_refused(build, message):
    x = nn.Variable(MAPS)
    with pytest.raises(ExportError, match=message):
        walk(Stage("test", {"x": x}, {"y": build(x)}), {})


class TestEnds:
    def test_an_input_may_be_an_output(self, run_onnx):
        x = nn.Variable((1, 2))
        graph = walk(Stage("test", {"x": x}, {"small": x, "y": x + 1}), {})
        found = run_onnx(graph, x=np.array([[1, 2]], np.float32))
        np.testing.assert_array_equal(found["small"], [[1, 2]])
        np.testing.assert_array_equal(found["y"], [[2, 3]])

    def test_one_variable_may_have_two_names(self, run_onnx):
        x = nn.Variable((1, 2))
        y = F.exp(x)
        graph = walk(Stage("test", {"x": x}, {"a": y, "b": y}), {})
        found = run_onnx(graph, x=np.zeros((1, 2), np.float32))
        np.testing.assert_allclose(found["a"], 1)
        np.testing.assert_allclose(found["b"], 1)

    def test_an_output_may_be_used_further(self, run_onnx):
        x = nn.Variable((1, 2))
        y = F.exp(x)
        graph = walk(Stage("test", {"x": x}, {"y": y, "z": y * 2}), {})
        found = run_onnx(graph, x=np.zeros((1, 2), np.float32))
        np.testing.assert_allclose([found["y"], found["z"]], [[[1, 1]], [[2, 2]]])

    def test_parameters_keep_their_names(self):
        x, weights = nn.Variable(MAPS), constant(5, 4, 3, 3)
        stage = Stage("test", {"x": x}, {"y": F.convolution(x, weights)})
        graph = walk(stage, {"net/conv/W": weights})
        assert graph.parameters == {"net/conv/W": (5, 4, 3, 3)}
        assert not graph.initializers
        filled = graph.filled({"net/conv/W": np.ones((5, 4, 3, 3), np.float32)})
        assert set(filled.initializers) == {"net/conv/W"}
        assert not filled.parameters
        assert not graph.initializers
