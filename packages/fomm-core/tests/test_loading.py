from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from fomm_core import loading as models
from fomm_core.engine import registry
from fomm_core.engine.fake import FAKE, FakeEngine
from fomm_core.engine.nnabla import NNABLA
from fomm_core.engine.spec import EngineChoice, EngineStatus
from fomm_core.errors import EngineError, ModelError
from fomm_core.loading import Model, load_model, start_model, usable_engines
from fomm_core.model.bundle import embedded_models
from fomm_core.model.files import ModelFiles
from fomm_core.model.finding import find_model

AVATAR = embedded_models()["avatar"]


class TestStarting:
    def test_the_embedded_model_runs_on_openvino(self):
        with load_model("avatar", engine="openvino") as model:
            assert (model.name, model.engine.name, model.engine.precision) == (
                "avatar",
                "openvino",
                "fp32",
            )
            assert model.frame_size == model.engine.frame_size == (128, 128)
            assert not model.engine.closed
        assert model.engine.closed

    def test_and_on_nnabla(self, nnabla):
        with load_model("avatar", engine="nnabla") as model:
            assert model.engine.name == "nnabla"

    def test_a_pair_runs_on_both(self, mini, nnabla, tmp_path, monkeypatch):
        monkeypatch.setenv("FOMM_CACHE", str(tmp_path))
        for engine in ("openvino", "nnabla"):
            with load_model(
                config=mini / "config.yaml", params=mini / "params.h5", engine=engine
            ) as model:
                assert model.engine.name == engine
        assert len(list((tmp_path / "bundles").iterdir())) == 1

    @pytest.mark.parametrize("precision", ["", "bf16", "FP32"])
    def test_unknown_precisions(self, precision):
        with pytest.raises(EngineError, match=r"^precision: expected fp32, int8 or fast, found "):
            load_model(precision=precision)

    def test_fewer_threads_than_none(self):
        with pytest.raises(EngineError, match=r"^threads: expected 0 .* or more, found -1$"):
            load_model(threads=-1)

    def test_unknown_engines(self):
        with pytest.raises(EngineError, match=r"^engine: expected one of auto, cpu, .* 'torch'$"):
            load_model(engine="torch")

    def test_fast_is_openvinos(self):
        with pytest.raises(EngineError, match=r"precision fast needs openvino|not installed"):
            load_model(engine="nnabla", precision="fast")

    def test_nnabla_needs_parameters(self, monkeypatch):
        usable(monkeypatch)
        files = find_model("avatar")
        bare = ModelFiles(files.name, files.config, None, files.bundle)
        told = "avatar: expected params.h5, found none; export it without --no-params$"
        with pytest.raises(EngineError, match=f"nnabla: {told}"):
            start_model(bare, EngineChoice("nnabla"))
        with pytest.raises(ModelError, match=f"^{told}"):
            NNABLA.start(bare, EngineChoice("nnabla"))
        assert ("openvino", "fp32") in usable_engines(bare)
        assert not any(engine.startswith("nnabla") for engine, _ in usable_engines(bare))

    def test_a_pair_without_nnabla_says_what_to_do(self, pair, monkeypatch):
        from fomm_core.export import exporter

        monkeypatch.setattr(exporter, "has_nnabla", lambda: False)
        config = pair()
        files = find_model(config=config, params=config.with_name("params.h5"))
        with pytest.raises(EngineError, match=r"openvino: .*needs NNabla, found none; install it"):
            start_model(files, EngineChoice("openvino"))


def usable(monkeypatch) -> None:
    """Pretend that every engine is installed."""

    specs = tuple(
        replace(spec, status=partial(EngineStatus, spec.name, True, "", "1.0"))
        for spec in registry.engine_specs()
    )
    monkeypatch.setattr(registry, "engine_specs", lambda: specs)
    monkeypatch.setattr(models, "engine_specs", lambda: specs)


@pytest.mark.parametrize(
    ("able", "byte_products", "lacking", "expected"),
    [
        (("fp32", "int8", "fast"), True, (), "fast"),
        (("fp32", "int8"), True, (), "int8"),
        (("fp32", "int8"), True, ("int8",), "fp32"),
        (("fp32", "int8"), False, (), "fp32"),
        (("fp32",), True, (), "fp32"),
    ],
)
def test_the_fastest_precision_is_taken_and_told(
    monkeypatch, caplog, able, byte_products, lacking, expected
):
    started = []

    def start(files: ModelFiles, choice: EngineChoice) -> FakeEngine:
        started.append(choice.precision)
        return FakeEngine()

    def obstacle(files: ModelFiles, precision: str) -> str:
        return "it has none" if precision in lacking else ""

    spec = replace(FAKE, precisions=able, start=start, obstacle=obstacle)
    monkeypatch.setattr(models, "engine_specs", lambda: (spec,))
    monkeypatch.setattr(models, "choose_engine", lambda name, obstacle: spec)
    monkeypatch.setattr(models, "has_byte_products", lambda: byte_products)
    with caplog.at_level("INFO"):
        load_model("avatar", precision="auto").close()
    assert started == [expected]
    assert f"precision {expected}" in caplog.text


def test_the_fastest_comes_first(monkeypatch):
    usable(monkeypatch)
    monkeypatch.setattr("fomm_core.engine.openvino.has_bfloat16", lambda: True)
    assert usable_engines(find_model("avatar")) == [
        ("nnabla-cudnn", "fp32"),
        ("openvino", "fast"),
        ("openvino", "fp32"),
        ("onnxruntime", "fp32"),
        ("nnabla", "fp32"),
    ]
    monkeypatch.setattr("fomm_core.engine.openvino.has_bfloat16", lambda: False)
    assert ("openvino", "fast") not in usable_engines(find_model("avatar"))


@pytest.mark.parametrize("device", ["cpu", "CPU"])
def test_on_the_cpu_the_fastest_there_runs_whatever_accelerator_another_takes(monkeypatch, device):
    specs = tuple(
        replace(spec, accelerator=lambda: "cuda:0") if spec.name == "onnxruntime" else spec
        for spec in registry.engine_specs()
    )
    monkeypatch.setattr(registry, "engine_specs", lambda: specs)
    with load_model("avatar", device=device) as model:
        assert (model.engine.name, model.engine.device) == ("openvino", "cpu")


def test_a_model_closes_its_engine_after_an_error(tiny):
    engine = FakeEngine()
    with pytest.raises(ZeroDivisionError), Model("fake", tiny(), engine):
        raise ZeroDivisionError
    assert engine.closed
