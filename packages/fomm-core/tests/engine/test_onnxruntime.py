"""ONNX Runtime's engine: on its CPU, and on accelerators for which the CPU stands in."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from fomm_core.devices import DeviceTrial, onnxruntime_providers
from fomm_core.devices.onnxruntime_providers import CPU_PROVIDER, Provider, find_devices
from fomm_core.engine import onnxruntime, onnxruntime_graphs, onnxruntime_stage
from fomm_core.engine.graph_engine import handed_over
from fomm_core.engine.onnxruntime import ONNXRUNTIME, OnnxRuntimeEngine
from fomm_core.engine.onnxruntime_stage import HEAVY, heavy_on_cpu, left_on_cpu, open_stage
from fomm_core.errors import DeviceError, EngineError, ModelError
from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.loading import load_model

PRETENDED = Provider(CPU_PROVIDER, numbered=False)


@pytest.fixture
def pretended(monkeypatch):
    """An accelerator ``pretended``, which leaves nothing to the CPU but what is set here."""
    left: dict[int, set[str]] = {}

    def told(graph: bytes, device: str) -> frozenset[str]:
        import onnx

        return frozenset(left.get(onnx.load_from_string(graph).opset_import[0].version, ()))

    monkeypatch.setattr(onnxruntime_providers, "known_providers", lambda: {"pretended": PRETENDED})
    monkeypatch.setattr(onnxruntime_graphs, "left_on_cpu", told)
    return left


@pytest.fixture
def tried(monkeypatch):
    """Pretends that devices were tried, with these outcomes."""

    def pretend(*trials: DeviceTrial) -> None:
        names = (*(trial.device for trial in trials), "cpu")
        monkeypatch.setattr(onnxruntime, "_find_devices", lambda: names)
        outcomes = {trial.device: (trial,) for trial in trials}
        monkeypatch.setattr(onnxruntime, "try_devices", lambda library, name: outcomes[name])

    return pretend


def model_graph(avatar, stage: str) -> bytes:
    return OnnxGraph.load(avatar.graphs[stage]).to_model({}).SerializeToString()


class TestPlacement:
    def test_a_run_tells_what_ran_where(self, avatar):
        assert left_on_cpu(model_graph(avatar, "decoder"), "cpu") == HEAVY
        assert left_on_cpu(model_graph(avatar, "encoder"), "cpu") == {"Conv"}

    def test_only_heavy_operations_of_the_cpu_count(self):
        def node(name, provider):
            return {"cat": "Node", "args": {"op_name": name, "provider": provider}}

        events = [
            {"cat": "Session", "name": "model_loading"},
            node("GridSample", CPU_PROVIDER),
            node("Reshape", CPU_PROVIDER),
            node("Conv", "CUDAExecutionProvider"),
        ]
        assert heavy_on_cpu(events) == {"GridSample"}

    @pytest.mark.parametrize(("newest", "taken"), [(set(), 20), ({"GridSample"}, 19)])
    def test_the_operator_set_is_the_one_that_the_device_has(
        self, avatar, sample, pretended, monkeypatch, newest, taken
    ):
        pretended[20] = newest
        opened = []

        def opening(name: str, graph: bytes, *settings):
            import onnx

            opened.append(onnx.load_from_string(graph).opset_import[0].version)
            return open_stage(name, graph, *settings)

        monkeypatch.setattr(onnxruntime, "open_stage", opening)
        with OnnxRuntimeEngine(avatar.graphs, device="pretended") as engine:
            assert engine.left_on_cpu == ()
            found = rendered(engine, sample)
        assert set(opened) == {taken}
        with OnnxRuntimeEngine(avatar.graphs) as exact:
            np.testing.assert_allclose(found, rendered(exact, sample), atol=1e-6)

    def test_what_no_operator_set_brings_onto_the_device_is_told(self, avatar, pretended):
        pretended[20], pretended[19] = {"Conv", "GridSample"}, {"GridSample"}
        with OnnxRuntimeEngine(avatar.graphs, device="pretended") as engine:
            assert "GridSample of decoder" in engine.left_on_cpu
            assert not any("Conv" in left for left in engine.left_on_cpu)


def rendered(engine, sample) -> np.ndarray:
    kp_source, kp_driving = (engine.detect(image) for image in (sample.source, sample.driving[1]))
    return engine.render(engine.encode(sample.source), kp_source, kp_driving).prediction


class TestAccelerators:
    GOOD = DeviceTrial("onnxruntime", "cuda:0", "", True, "", 12.0)
    SLOW = replace(GOOD, device="webgpu", speedup=0.4)
    LATE = replace(GOOD, device="tensorrt:0")
    WRONG = replace(GOOD, device="coreml", usable=False, reason="convolution differs", speedup=0)

    @pytest.mark.parametrize(
        ("trials", "taken"),
        [
            ((GOOD,), "cuda:0"),
            ((SLOW, GOOD), "cuda:0"),
            ((WRONG, SLOW), ""),
            ((), ""),
            ((LATE,), ""),
        ],
    )
    def test_the_first_that_is_right_and_faster_than_the_cpu_is_taken(self, tried, trials, taken):
        tried(*trials)
        assert ONNXRUNTIME.accelerator() == taken
        assert ONNXRUNTIME.precisions_here() == (("fp32", "fast") if taken else ("fp32",))

    def test_it_is_said_why_one_is_not_taken(self, tried, caplog):
        caplog.set_level("INFO")
        tried(self.WRONG, self.SLOW)
        assert ONNXRUNTIME.accelerator() == ""
        assert [record.message for record in caplog.records] == [
            "onnxruntime does not take coreml: convolution differs",
            "onnxruntime does not take webgpu: 0.4 times as fast as the CPU",
        ]

    def test_without_any_nothing_is_tried(self, monkeypatch):
        monkeypatch.setattr(onnxruntime, "_find_devices", lambda: ("cpu",))
        monkeypatch.setattr(onnxruntime, "try_devices", None)
        assert ONNXRUNTIME.accelerator() == ""

    def test_fast_is_near_and_leaves_keypoints_and_motion_alone(self, avatar, sample, pretended):
        exact = OnnxRuntimeEngine(avatar.graphs)
        fast = OnnxRuntimeEngine(avatar.graphs, "fast", device="pretended")
        kp_source, kp_driving = (exact.detect(i) for i in (sample.source, sample.driving[2]))
        np.testing.assert_array_equal(fast.detect(sample.driving[2]).value, kp_driving.value)
        found, expected = (
            engine.render(engine.encode(sample.source), kp_source, kp_driving, diagnostics=True)
            for engine in (fast, exact)
        )
        for name in ("deformation", "mask", "occlusion_map", "sparse_deformed", "deformed"):
            array = getattr(found.diagnostics, name)
            np.testing.assert_array_equal(array, getattr(expected.diagnostics, name), err_msg=name)
        difference = np.abs(found.prediction - expected.prediction) * 255
        assert 0 < difference.max() < 1

    def test_fast_is_not_for_the_cpu(self, avatar):
        assert ONNXRUNTIME.precisions_here("cpu") == ("fp32",)
        with pytest.raises(EngineError, match=r"^precision fast: expected an accelerator, found"):
            OnnxRuntimeEngine(avatar.graphs, "fast")

    def test_a_device_goes_by_its_name_and_number(self, monkeypatch):
        known = onnxruntime_providers.known_providers()
        several = {**known, "cuda": replace(known["cuda"], count=lambda: 2)}
        monkeypatch.setattr(onnxruntime_providers, "known_providers", lambda: several)
        names = ["CoreMLExecutionProvider", "CUDAExecutionProvider", CPU_PROVIDER]
        assert find_devices(names) == ("cuda:0", "cuda:1", "coreml")
        assert find_devices([CPU_PROVIDER]) == ()

    def test_a_provider_that_cannot_start_is_one_line(self, avatar, monkeypatch):
        absent = replace(PRETENDED, name="CUDAExecutionProvider")
        monkeypatch.setattr(onnxruntime_providers, "known_providers", lambda: {"cuda": absent})
        with pytest.raises(EngineError, match=r"^engine onnxruntime: device cuda: [^\n]+$"):
            OnnxRuntimeEngine(avatar.graphs, device="cuda")

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0\nmore", DeviceError),
            ("CUDA failure 2: out of memory ; GPU=0\nmore", DeviceError),
            ("no kernel for this\nmore", EngineError),
        ],
    )
    @pytest.mark.parametrize("step", ["write", "take", "run", "read", "keep"])
    def test_a_failure_on_the_way_is_one_line(self, avatar, sample, monkeypatch, step, text, kind):
        def fail(stage, *arguments) -> None:
            raise Exception(text)  # as ONNX Runtime's have no other base

        with OnnxRuntimeEngine(avatar.graphs, threads=1) as engine:
            monkeypatch.setattr(onnxruntime_stage.OnnxRuntimeStage, step, fail)
            with pytest.raises(kind, match=r"^[^\n]+$"):
                rendered(engine, sample)

    def test_runs_that_cannot_be_recorded_are_not(self, avatar, sample, monkeypatch, caplog):
        """A provider that refuses the options of recording, as CUDA's does with some graphs."""
        picky = replace(PRETENDED, graph_options={"no_such_option": "1"})
        opened = []

        def open_session(graph, device, options, recorded=False):
            opened.append(recorded)
            if recorded:
                raise Exception("This session cannot use the graph capture feature")
            return onnxruntime_providers.open_session(graph, "cpu", options)

        monkeypatch.setattr(onnxruntime_providers, "known_providers", lambda: {"picky": picky})
        monkeypatch.setattr(onnxruntime_stage, "open_session", open_session)
        graph = model_graph(avatar, "keypoints")
        caplog.set_level("INFO")
        stage = open_stage("keypoints", graph, "picky", recorded=True)
        assert opened == [True, False]
        (told,) = (record.message for record in caplog.records)
        assert told.startswith("device picky: stage keypoints: its runs are not recorded: ")
        stage.write("image", sample.source[None])
        stage.run()
        assert stage.read("value").shape == (10, 2)

    def test_what_is_recorded_reads_where_the_motion_stage_writes(self, avatar, monkeypatch):
        """Recorded runs read from where their inputs lay when they were recorded."""
        recording = replace(PRETENDED, graph_options={"enable_cuda_graph": "1"})
        read = {}

        def run(stage) -> None:
            read[stage.name] = dict(stage._inputs)

        def open_session(graph, device, options, recorded=False):
            return onnxruntime_providers.open_session(graph, "cpu", options)

        monkeypatch.setattr(
            onnxruntime_providers, "known_providers", lambda: {"pretended": recording}
        )
        monkeypatch.setattr(onnxruntime_graphs, "left_on_cpu", lambda graph, device: frozenset())
        monkeypatch.setattr(onnxruntime_stage, "open_session", open_session)
        monkeypatch.setattr(onnxruntime_stage.OnnxRuntimeStage, "run", run)
        with OnnxRuntimeEngine(avatar.graphs, "fast", device="pretended") as engine:
            handed = handed_over(engine._stages.frame(False).motion)
        assert set(read) == {"keypoints", "motion", "decoder"}
        assert len(handed) == 3
        for name, tensor in handed.items():
            assert read["decoder"][name] is tensor


def test_nobody_is_told_of_its_use(monkeypatch):
    import onnxruntime as library

    calls = []
    monkeypatch.setattr(library, "disable_telemetry_events", lambda: calls.append(1))
    onnxruntime_providers.import_onnxruntime()
    assert calls


@pytest.fixture
def graphs(avatar, tmp_path):
    """Copies of the embedded graphs, to be damaged."""
    return {stage: shutil.copy(path, tmp_path / path.name) for stage, path in avatar.graphs.items()}


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_graph_is_one_line(graphs, content):
    graphs["motion"].write_bytes(content)
    with pytest.raises(ModelError, match=r"^.*motion.onnx: expected an ONNX graph, found[^\n]+$"):
        OnnxRuntimeEngine(graphs)


def test_graphs_of_other_stages(graphs):
    graphs["motion"], graphs["decoder"] = graphs["decoder"], graphs["motion"]
    with pytest.raises(ModelError, match=r"expected the graph of stage motion, found that of dec"):
        OnnxRuntimeEngine(graphs)


def test_threads_can_be_limited(avatar, sample):
    with OnnxRuntimeEngine(avatar.graphs, threads=1) as one:
        assert one.detect(sample.source).is_finite


def test_auto_runs_on_an_accelerator_that_passed_and_says_so(avatar, pretended, tried, caplog):
    tried(DeviceTrial("onnxruntime", "pretended", "", True, "", 12.0))
    pretended[20] = pretended[19] = {"GridSample"}
    with load_model("avatar") as model:
        assert model.describe() == "avatar on onnxruntime (fp32, pretended)"
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert told[0].startswith("device pretended: left on the CPU: GridSample of ")
    assert "GridSample of decoder" in told[0]
    with load_model("avatar", engine="cpu") as model:
        assert model.engine.name == "openvino"
