from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from fomm_core.engine import openvino_stages
from fomm_core.engine.base import Diagnostics
from fomm_core.engine.openvino import OpenVINOEngine, has_bfloat16
from fomm_core.engine.openvino_models import read_stage, start_core
from fomm_core.engine.openvino_ranges import DecoderRanges
from fomm_core.engine.openvino_stage import OpenVINOStage
from fomm_core.engine.openvino_targets import CPU
from fomm_core.errors import DeviceError, EngineError, ModelError
from fomm_core.model.bundle import embedded_models, open_bundle
from fomm_core.motion.keypoints import Keypoints


def test_fast_is_close_to_exact(avatar, sample):
    if not has_bfloat16():
        pytest.skip("this CPU has no bfloat16 instructions")
    with OpenVINOEngine(avatar.graphs) as exact, OpenVINOEngine(avatar.graphs, "fast") as fast:
        assert fast.precision == "fast"
        kp_source = exact.detect(sample.source)
        sources = [engine.encode(sample.source) for engine in (exact, fast)]
        for driving in sample.driving:
            kp_driving = exact.detect(driving)
            apart = 64 * np.abs(fast.detect(driving).value - kp_driving.value)
            assert np.quantile(apart, 0.99) <= 0.3  # pixels of 128
            images = [
                engine.render(source, kp_source, kp_driving).prediction
                for engine, source in zip((exact, fast), sources, strict=True)
            ]
            error = float(np.mean((images[0] - images[1]) ** 2))
            assert error > 0
            assert 10 * np.log10(1 / error) >= 48


def test_fast_needs_bfloat16(avatar, monkeypatch):
    monkeypatch.setattr("fomm_core.engine.openvino.has_bfloat16", lambda core: False)
    with pytest.raises(EngineError, match=r"^precision fast: expected a CPU with bfloat16 .*fp32$"):
        OpenVINOEngine(avatar.graphs, "fast")


def test_threads_can_be_limited(avatar, sample):
    with OpenVINOEngine(avatar.graphs, threads=1) as one, OpenVINOEngine(avatar.graphs) as all_:
        value = one.detect(sample.source).value
        np.testing.assert_allclose(value, all_.detect(sample.source).value, atol=1e-4)


@pytest.fixture
def graphs(avatar, tmp_path):
    """Copies of the embedded graphs, to be damaged."""
    return {stage: shutil.copy(path, tmp_path / path.name) for stage, path in avatar.graphs.items()}


@pytest.mark.parametrize("content", [b"", b"garbage", "half"])
def test_a_damaged_graph_is_one_line(graphs, content):
    path = graphs["motion"]
    path.write_bytes(
        path.read_bytes()[: path.stat().st_size // 2] if content == "half" else content
    )
    with pytest.raises(
        ModelError, match=r"^.*motion.onnx: expected an exported ONNX graph, found: [^\n]+$"
    ):
        OpenVINOEngine(graphs)


def test_a_missing_graph(graphs):
    graphs["motion"].unlink()
    with pytest.raises(ModelError, match=r"motion.onnx: expected an exported graph, found none"):
        OpenVINOEngine(graphs)


def test_graphs_of_other_stages(graphs):
    """Intact graphs in each other's place."""
    graphs["motion"], graphs["decoder"] = graphs["decoder"], graphs["motion"]
    with pytest.raises(ModelError, match=r"expected the graph of stage motion, found one without "):
        OpenVINOEngine(graphs)


@pytest.mark.parametrize("stage", ["motion", "decoder"])
def test_intact_graphs_that_do_not_fit_are_both_named(avatar, stage):
    """One of another model, with larger frames: either may be the wrong one."""
    other = open_bundle(embedded_models()["face"])
    graphs = {**avatar.graphs, stage: other.graphs[stage]}
    both = f"{graphs['motion']}, {graphs['decoder']}"
    with pytest.raises(ModelError, match=r": expected graphs of one model, found: ") as caught:
        OpenVINOEngine(graphs)
    assert str(caught.value).startswith(f"{both}: ")


def test_a_decoder_without_a_tensor_to_watch_is_one_line(avatar, sample):
    keypoints = Keypoints(np.zeros((10, 2), np.float32))
    with pytest.raises(ModelError, match=r"decoder.onnx: expected an exported [^\n]+'nothing'"):
        DecoderRanges(avatar.graphs, ["nothing"], sample.source, keypoints)


def test_a_device_that_fails_on_the_way_is_one_line(avatar, sample, monkeypatch):
    def fail(stage) -> None:
        raise RuntimeError("Exception from src/plugin.cpp:1:\n[GPU] clEnqueueNDRangeKernel: -5")

    with OpenVINOEngine(avatar.graphs, threads=1) as engine:
        monkeypatch.setattr(OpenVINOStage, "run", fail)
        with pytest.raises(DeviceError, match=r"^expected a device that computes, found: \[GPU\]"):
            engine.detect(sample.source)


OUTPUTS = {"prediction", *(field.name for field in fields(Diagnostics))}


class TestMotionAndDecoderAsOne:
    @pytest.fixture
    def rendered(self, avatar, sample):
        """Renders the same motion, with diagnostics or without; gives the engine too."""
        with OpenVINOEngine(avatar.graphs, threads=1) as engine:
            features, source = engine.encode(sample.source), engine.detect(sample.source)
            driving = engine.detect(sample.driving[2])
            yield engine, lambda diagnostics: engine.render(features, source, driving, diagnostics)

    def test_they_give_what_each_gives_alone(self, rendered, avatar, sample):
        engine, render = rendered
        core = start_core(1)
        alone = {
            stage: core.compile_model(
                read_stage(core, avatar.graphs[stage], stage),
                "CPU",
                {"INFERENCE_PRECISION_HINT": "f32"},
            )
            for stage in ("encoder", "motion", "decoder")
        }
        encoded = alone["encoder"]({"source": sample.source[None]})
        keypoints = {
            f"{name}_{part}": array[None]
            for name, image in (("source", sample.source), ("driving", sample.driving[2]))
            for part, array in vars(engine.detect(image)).items()
        }
        moved = alone["motion"]({"small": encoded["small"], **keypoints})
        handed = {name: moved[name] for name in ("deformation", "occlusion_map", "motion_features")}
        inputs = {"source": sample.source[None], "features": encoded["features"], **handed}
        expected = alone["decoder"](inputs)["prediction"][0]
        np.testing.assert_allclose(render(False).prediction, expected, atol=1e-6)

    def test_inner_maps_are_computed_only_where_asked_for(self, rendered, monkeypatch):
        _, render = rendered
        ran: list[OpenVINOStage] = []
        run = OpenVINOStage.run
        monkeypatch.setattr(OpenVINOStage, "run", lambda stage: (ran.append(stage), run(stage)))
        asked = (False, True, False, True, False)
        found = [render(diagnostics) for diagnostics in asked]
        computed = [OUTPUTS & stage.shapes.keys() for stage in ran]
        assert computed == [OUTPUTS if diagnostics else {"prediction"} for diagnostics in asked]
        assert len({id(stage) for stage in ran}) == 2
        for one in found:
            np.testing.assert_array_equal(one.prediction, found[0].prediction)

    @pytest.fixture
    def compiled(self, monkeypatch) -> list[str]:
        """The names of what is compiled, in their order."""
        compiled: list[str] = []
        compile_for = openvino_stages.compile_for

        def compile_and_tell(core, model, stage, *others, **settings):
            compiled.append(stage)
            return compile_for(core, model, stage, *others, **settings)

        monkeypatch.setattr(openvino_stages, "compile_for", compile_and_tell)
        return compiled

    def test_the_model_with_inner_maps_is_made_when_they_are_asked_for(
        self, avatar, sample, compiled
    ):
        with OpenVINOEngine(avatar.graphs, threads=1) as engine:
            features, keypoints = engine.encode(sample.source), engine.detect(sample.source)
            at_once = ["keypoints", "encoder", "motion and decoder"]
            engine.render(features, keypoints, keypoints)
            assert compiled == at_once
            for diagnostics in (True, False, True):
                engine.render(features, keypoints, keypoints, diagnostics)
            assert compiled == [*at_once, "motion and decoder with inner maps"]

    def test_the_model_without_inner_maps_is_not_made_where_all_frames_ask_for_them(
        self, avatar, sample, compiled
    ):
        with OpenVINOEngine(avatar.graphs, threads=1) as engine:
            features, keypoints = engine.encode(sample.source), engine.detect(sample.source)
            for _ in range(2):
                engine.render(features, keypoints, keypoints, diagnostics=True)
        assert compiled == ["keypoints", "encoder", "motion and decoder with inner maps"]

    def test_their_shares_add_up_to_one_before_they_have_run(self, avatar):
        compiler = openvino_stages.StageCompiler(start_core(1), avatar.graphs)
        shares = compiler.compile_joined(CPU, False).motion.shares()
        assert shares.keys() == {"motion", "decoder"}
        assert sum(shares.values()) == 1

    @pytest.mark.parametrize("asked", [(False,), (True,), (False, True)])
    def test_the_time_of_each_is_told_of_a_closed_engine_too(self, rendered, asked):
        engine, render = rendered
        for diagnostics in asked:
            render(diagnostics)
        open_ = engine.timer.mean_ms()
        assert list(open_) == ["encoder", "keypoints", "motion", "decoder"]
        assert all(value > 0 for value in open_.values())
        engine.close()
        assert engine.timer.mean_ms() == pytest.approx(open_)


AN_INTERRUPTION_AFTERWARDS = """
import gc, signal
from fomm_core import load_model
first, second = (load_model("avatar", engine="openvino") for _ in range(2))
first.close()
del first
gc.collect()
second.close()
del second
gc.collect()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.once
def test_an_interruption_after_models_are_closed_is_no_crash():
    done = subprocess.run(
        [sys.executable, "-c", AN_INTERRUPTION_AFTERWARDS], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
