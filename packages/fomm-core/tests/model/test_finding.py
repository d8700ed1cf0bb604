from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fomm_core.errors import ConfigError, ModelError
from fomm_core.model import hub
from fomm_core.model.bundle import embedded_models
from fomm_core.model.finding import DEFAULT_MODEL, find_model, folder_of_model

AVATAR = embedded_models()["avatar"]


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
