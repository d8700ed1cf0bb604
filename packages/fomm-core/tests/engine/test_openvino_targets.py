"""Stages on OpenVINO's devices, of which this machine may have none: they are pretended."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from fomm_core.engine import openvino
from fomm_core.engine.openvino import OPENVINO, OpenVINOEngine
from fomm_core.engine.openvino_targets import Target, choose_target, computes_halves
from fomm_core.engine.spec import EngineChoice
from fomm_core.errors import EngineError
from fomm_core.loading import load_model, start_model, usable_engines
from fomm_core.model.bundle import STAGES
from fomm_core.model.files import ModelFiles

CAPABILITIES = {
    "CPU": ["FP32", "INT8", "BIN"],
    "GPU": ["FP32", "BIN", "FP16", "INT8"],
    "NPU": ["FP16", "INT8"],
}

STAGE_OF = {"value": "keypoints", "small": "encoder", "mask": "motion", "prediction": "decoder"}
"""The stages by an output that only they have."""


def output_names(model) -> set[str]:
    return {name for port in model.outputs for name in port.get_names()}


class PretendedCore:
    """OpenVINO with a GPU and an NPU, for which the CPU stands in.

    Attributes:
        refused: the stages that the devices cannot compile.
        compiled: (device, settings) of each stage, in the order of compilation.
        models: the model of each stage as it was compiled last.
    """

    def __init__(self, core, refused: tuple[str, ...] = ()) -> None:
        self._core, self.refused, self.compiled, self.models = core, refused, {}, {}
        self.available_devices = list(CAPABILITIES)
        self.read_model = core.read_model

    def get_property(self, device: str, name: str) -> list[str]:
        assert name == "OPTIMIZATION_CAPABILITIES"
        return CAPABILITIES[device]

    def compile_model(self, model, device: str, config: dict[str, str]):
        stage = " and ".join(STAGE_OF[name] for name in STAGE_OF if name in output_names(model))
        if device != "CPU" and stage in self.refused:
            raise RuntimeError("Exception from src/plugin.cpp:1:\nno such operation")
        self.compiled[stage], self.models[stage] = (device, config), model
        return self._core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.fixture
def pretended(monkeypatch):
    """OpenVINO with more devices; its attribute ``refused`` may be set."""
    core = PretendedCore(openvino.start_core(1))
    monkeypatch.setattr(openvino, "start_core", lambda threads: core)
    return core


@pytest.mark.parametrize(
    ("device", "precision", "expected"),
    [
        ("gpu", "fp32", {stage: Target("GPU", "f32") for stage in STAGES}),
        ("npu", "fp32", {stage: Target("CPU", "f32") for stage in STAGES}),
        ("gpu", "fast", {"encoder": Target("GPU", "", "f16"), "motion": Target("GPU", "f32")}),
        ("npu", "fast", {"decoder": Target("NPU", "f16"), "keypoints": Target("CPU", "f32")}),
        ("cpu", "fast", {stage: Target("CPU", "f32", "bf16") for stage in STAGES}),
        ("cpu", "int8", {stage: Target("CPU", "f32") for stage in STAGES}),
    ],
)
def test_a_device_computes_as_exactly_as_asked(pretended, device, precision, expected):
    found = {stage: choose_target(pretended, device, stage, precision) for stage in expected}
    assert found == expected


def test_halves_are_known(pretended):
    assert not computes_halves(pretended, "cpu")
    assert OPENVINO.precisions_here("gpu") == ("fp32", "fast")
    assert OPENVINO.precisions_here("cpu") == ("fp32", "int8")


def test_devices_go_by_small_letters_and_their_numbers(pretended):
    assert OPENVINO.devices() == ("cpu", "gpu", "npu")
    assert (OPENVINO.find_device("GPU"), OPENVINO.find_device("gpu.0")) == ("gpu", "")
    pretended.available_devices = ["CPU", "GPU.0", "GPU.1"]
    assert OPENVINO.find_device("gpu") == "gpu.0"
    assert OPENVINO.find_device("GPU.1") == "gpu.1"
    assert OPENVINO.find_device("gpu.2") == ""


def test_stages_that_a_device_cannot_run_stay_on_the_cpu(pretended, avatar, sample, caplog):
    pretended.refused = ("motion",)
    files = ModelFiles("avatar", avatar.card.config, avatar.parameters, avatar)
    with start_model(files, EngineChoice(device="GPU")) as model:
        assert model.describe() == "avatar on openvino (fp32, gpu)"
        assert model.engine.left_on_cpu == ("motion",)
        found = model.engine.detect(sample.source)
    assert pretended.compiled == {
        stage: ("CPU" if stage == "motion" else "GPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for stage in STAGES
    }
    told = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["device gpu: left on the CPU: motion"]
    with OpenVINOEngine(avatar.graphs) as exact:
        np.testing.assert_array_equal(found.value, exact.detect(sample.source).value)


def types_of(model, kind: str) -> set[str]:
    """The element types of the outputs of a kind of operation."""
    operations = (each for each in model.get_ops() if each.get_type_name() == kind)
    return {each.get_output_element_type(0).get_type_name() for each in operations}


class TestFastOnAGPU:
    """Casts in the graph, which the GPU is told to keep to; it was not run on one."""

    @pytest.fixture
    def fast(self, pretended, avatar):
        with OpenVINOEngine(avatar.graphs, "fast", device="gpu") as engine:
            yield engine

    def test_only_convolutions_are_in_float16(self, fast, pretended):
        for stage in ("encoder", "decoder"):
            assert pretended.compiled[stage] == ("GPU", {"EXECUTION_MODE_HINT": "ACCURACY"})
            assert types_of(pretended.models[stage], "Convolution") == {"f16"}
        decoder = pretended.models["decoder"]
        for kind in ("GridSample", "Interpolate", "Sigmoid", "Result"):
            assert types_of(decoder, kind) == {"f32"}, kind

    def test_keypoints_and_motion_stay_in_float32(self, fast, pretended):
        for stage in ("keypoints", "motion"):
            assert pretended.compiled[stage] == ("GPU", {"INFERENCE_PRECISION_HINT": "f32"})
            assert types_of(pretended.models[stage], "Convolution") == {"f32"}

    def test_frames_are_near_those_of_float32(self, fast, avatar, sample):
        with OpenVINOEngine(avatar.graphs) as exact:
            keypoints = [exact.detect(image) for image in (sample.source, sample.driving[2])]
            found, expected = (
                engine.render(engine.encode(sample.source), *keypoints, diagnostics=True)
                for engine in (fast, exact)
            )
        assert 0 < np.abs(found.prediction - expected.prediction).max() * 255 < 1
        for name in ("deformation", "mask", "occlusion_map", "deformed"):
            array, other = (getattr(one.diagnostics, name) for one in (found, expected))
            np.testing.assert_allclose(array, other, atol=1e-6, err_msg=name)


def test_an_engine_may_lack_the_device_that_another_has(pretended, avatar):
    files = ModelFiles("avatar", avatar.card.config, avatar.parameters, avatar)
    assert {engine for engine, _ in usable_engines(files, "npu")} == {"openvino"}


@pytest.mark.parametrize("engine", ["auto", "openvino"])
def test_a_device_that_is_not_there_is_told_with_those_that_are(pretended, engine):
    expected = r"^device: expected one that is there \(.*openvino: cpu, gpu, npu.*\), found 'tpu'$"
    with pytest.raises(EngineError, match=expected):
        load_model("avatar", engine=engine, device="tpu")
