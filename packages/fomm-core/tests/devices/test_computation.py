"""The trial's computation: the reference by NumPy, and what the libraries make of it."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from fomm_core.devices.computation import (
    TrialInputs,
    TrialValues,
    compute_on_cpu,
    difference,
    make_inputs,
)
from fomm_core.devices.library import DeviceLibrary


@pytest.fixture(scope="module")
def inputs() -> TrialInputs:
    """Those of the trial on a smaller picture."""
    full = make_inputs()
    return replace(full, image=full.image[..., :9, :12], gradient=full.gradient[..., :9, :12])


@pytest.fixture(scope="module")
def expected(inputs) -> TrialValues:
    return compute_on_cpu(inputs)


def libraries() -> list[tuple[str, DeviceLibrary, str]]:
    from fomm_core.devices.nnabla import NNablaDevices
    from fomm_core.devices.onnxruntime import OnnxRuntimeDevices
    from fomm_core.devices.openvino import OpenVINODevices
    from fomm_core.devices.torch import TorchDevices

    return [
        ("nnabla", NNablaDevices(), "cpu:0"),
        ("torch", TorchDevices(), "cpu"),
        ("openvino", OpenVINODevices(), "cpu"),
        ("onnxruntime", OnnxRuntimeDevices(), "cpu"),
    ]


@pytest.mark.parametrize(
    ("module", "library", "cpu"), libraries(), ids=["nnabla", "torch", "openvino", "onnxruntime"]
)
def test_a_library_computes_on_its_cpu_what_numpy_computes(inputs, expected, module, library, cpu):
    pytest.importorskip(module)
    found = library.compute(cpu, inputs)
    for field in fields(TrialValues):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if one is None:
            assert "gradient" in field.name
            assert module in ("openvino", "onnxruntime")
            continue
        np.testing.assert_allclose(one, other, atol=1e-5 * np.abs(other).max(), err_msg=field.name)
    assert difference(found, expected) == ""


@pytest.mark.once
def test_a_device_is_timed_against_the_cpu():
    pytest.importorskip("onnxruntime")
    from fomm_core.devices.onnxruntime import OnnxRuntimeDevices

    assert OnnxRuntimeDevices().speedup("cpu") > 0


def test_the_gradients_are_those_of_the_convolution(inputs, expected):
    """The output is linear in image and weight: <gradient, output> is either's product."""
    product = np.vdot(inputs.gradient, expected.convolution)
    assert np.vdot(expected.image_gradient, inputs.image) == pytest.approx(product, rel=1e-4)
    assert np.vdot(expected.weight_gradient, inputs.weight) == pytest.approx(product, rel=1e-4)


@pytest.mark.parametrize("name", [field.name for field in fields(TrialValues)])
@pytest.mark.parametrize(("wrong", "told"), [(np.nan, "nan"), (1e9, "e+")])
def test_one_wrong_value_is_enough(expected, name, wrong, told):
    array = getattr(expected, name).copy()
    array[...].reshape(-1)[-1] = wrong
    if array.ndim == 0:
        array = np.float32(wrong)
    text = difference(replace(expected, **{name: array}), expected)
    assert text.startswith(f"{name.replace('_', ' ')} differs from the CPU's by ")
    assert told in text
    assert ";" not in text


def test_rounding_is_no_difference(expected):
    rounded = replace(expected, convolution=expected.convolution * np.float32(1.001))
    assert difference(rounded, expected) == ""
