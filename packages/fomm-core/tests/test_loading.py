from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from fomm_core import loading as models
from fomm_core.engine import registry
from fomm_core.engine.fake import FAKE, FakeEngine
from fomm_core.engine.nnabla import NNABLA
from fomm_core.engine.spec import EngineChoice, EngineStatus
from fomm_core.errors import ConfigError, EngineError, ModelError
from fomm_core.loading import (
    DEFAULT_MODEL,
    Model,
    find_model,
    folder_of_model,
    load_model,
    start_model,
    usable_engines,
)
from fomm_core.model import hub
from fomm_core.model.bundle import embedded_models
from fomm_core.model.files import ModelFiles

AVATAR = embedded_models()["avatar"]


@pytest.fixture
def pair(tmp_path, tiny_data):
    """Writes a configuration beside a parameter file that nobody opens here."""

    def write(**keys: object) -> Path:
        (tmp_path / "runs").mkdir(exist_ok=True)
        path = tmp_path / "runs" / "tiny.yaml"
        path.write_text(yaml.safe_dump({**tiny_data(), **keys}))
        (tmp_path / "runs" / "params.h5").write_bytes(b"parameters")
        return path

    return write


class TestFinding:
    def test_the_default_model(self):
        files = find_model()
        assert files.name == DEFAULT_MODEL == "face"
        assert files.config.frame_size == (256, 256)

    @pytest.mark.parametrize("model", ["avatar", AVATAR])
    def test_the_embedded_model(self, model):
        files = find_model(model)
        assert files.name == "avatar"
        assert files.bundle.folder == AVATAR
        assert files.config.frame_size == (128, 128)

    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_folder(self, tmp_path, kind):
        folder = shutil.copytree(AVATAR, tmp_path / "copied")
        files = find_model(kind(folder))
        assert files.name == "avatar"
        assert files.bundle.folder == folder

    def test_a_damaged_folder(self, tmp_path):
        folder = shutil.copytree(AVATAR, tmp_path / "copied")
        (folder / "motion.onnx").write_bytes(b"garbage")
        with pytest.raises(ModelError, match=r"motion.onnx: expected SHA-256"):
            find_model(folder)

    def test_a_folder_that_is_no_model(self, tmp_path):
        with pytest.raises(ModelError, match=r"expected a model folder with model\.yaml"):
            find_model(tmp_path)

    def test_a_name_of_the_zoo(self, pair, monkeypatch):
        config = pair(strange_key=1)
        asked = []

        def fetch_model(name):
            asked.append(name)
            return config, config.with_name("params.h5")

        monkeypatch.setattr(hub, "fetch_model", fetch_model)
        files = find_model("vox")
        assert asked == ["vox"]
        assert (files.name, files.parameters.name, files.bundle) == ("vox", "params.h5", None)
        assert files.config.frame_size == (24, 32)

    def test_a_folder_that_only_has_a_name_of_the_zoo(self, pair, tmp_path, monkeypatch):
        config = pair()
        monkeypatch.setattr(hub, "fetch_model", lambda _: (config, config.with_name("params.h5")))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "vox" / "train").mkdir(parents=True)
        assert folder_of_model("vox") is None
        assert find_model("vox").parameters == config.with_name("params.h5")
        shutil.rmtree("vox")
        shutil.copytree(AVATAR, "vox")
        assert folder_of_model("vox") == find_model("vox").bundle.folder == Path("vox")

    @pytest.mark.parametrize(("name", "near"), [("avatr", "avatar"), ("voxx", "vox")])
    def test_a_name_that_is_nearly_right(self, name, near):
        with pytest.raises(ModelError) as caught:
            find_model(name)
        assert str(caught.value) == (
            f"expected a model folder or one of avatar, face, vox, found '{name}'; "
            f"did you mean '{near}'?"
        )

    @pytest.mark.parametrize("name", ["", "nothing like it"])
    def test_no_such_model(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ModelError, match="expected a model folder"):
            find_model(name)

    def test_a_part_for_training_is_no_model(self):
        with pytest.raises(ModelError, match="vgg19: expected a model, found VGG19 features"):
            find_model("vgg19")


class TestPairs:
    def test_both_are_named(self, pair):
        config = pair(saved_parameters="elsewhere.h5")
        files = find_model(config=config, params=str(config.with_name("params.h5")))
        assert files.parameters == config.with_name("params.h5")
        assert files.name == "tiny"
        assert files.bundle is None

    def test_saved_parameters_as_they_stand(self, pair, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        config = pair(saved_parameters="elsewhere/params.h5")
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "params.h5").write_bytes(b"")
        assert find_model(config=config).parameters == Path("elsewhere/params.h5")

    def test_saved_parameters_that_moved_with_the_configuration(self, pair):
        config = pair(saved_parameters="/gone/since/params.h5")
        assert find_model(config=str(config)).parameters == config.with_name("params.h5")

    def test_saved_parameters_that_are_nowhere(self, pair):
        config = pair(saved_parameters="/gone/since/other.h5")
        with pytest.raises(ModelError, match=r"^/gone/since/other.h5: expected a parameter file"):
            find_model(config=config)

    def test_no_parameters_at_all(self, pair):
        with pytest.raises(
            ConfigError, match=r"tiny.yaml: saved_parameters: expected a parameter file, found none"
        ):
            find_model(config=pair())

    @pytest.mark.parametrize(
        ("log_dir", "name"),
        [
            ("tmp.monitor/2021-05-20", "2021-05-20"),
            ("x/y/", "y"),
            *[(nameless, "tiny") for nameless in ("", "/", "..", "a/..", None)],
        ],
    )
    def test_the_log_directory_names_it(self, pair, log_dir, name):
        config = pair(log_dir=log_dir)
        assert find_model(config=config, params=config.with_name("params.h5")).name == name

    def test_a_model_folder_in_place_of_parameters(self, pair):
        with pytest.raises(ConfigError, match="found a model folder"):
            find_model(config=pair(), params=AVATAR)

    def test_parameters_without_configuration(self):
        with pytest.raises(ConfigError, match="expected a configuration to go with it"):
            find_model(params="params.h5")

    def test_a_model_and_a_configuration(self, pair):
        with pytest.raises(ConfigError, match="either a model or a configuration, found both"):
            find_model("avatar", config=pair())

    def test_a_missing_configuration(self, tmp_path):
        with pytest.raises(ConfigError, match="expected a YAML file, found none"):
            find_model(config=tmp_path / "none.yaml")

    def test_unknown_keys_are_named_and_ignored_as_the_zoos_are(self, pair, caplog):
        config = pair(strange_key=1)
        files = find_model(config=config, params=config.with_name("params.h5"))
        assert files.config.frame_size == (24, 32)
        assert "strange_key: unknown key, ignored" in caplog.text


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
