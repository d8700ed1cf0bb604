from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from fomm_core.config import parse_config
from fomm_core.errors import ExportError, ModelError, OutputError
from fomm_core.model.bundle import (
    STAGES,
    Bundle,
    ModelCard,
    embedded_models,
    is_bundle,
    open_bundle,
    parse_card,
    write_bundle,
)


def fill(folder: Path, text: str = "graph") -> None:
    """Write what looks like graphs and parameters: nobody runs them here."""
    for stage in STAGES:
        (folder / f"{stage}.onnx").write_text(f"{text} {stage}")
    (folder / "params.h5").write_text("parameters")


@pytest.fixture
def card(tiny) -> ModelCard:
    return ModelCard(name="tiny", licence="MIT", metrics={"L1": 0.5}, config=tiny())


@pytest.fixture
def folder(tmp_path, card) -> Path:
    """A written bundle."""
    write_bundle(tmp_path / "tiny", card, fill)
    return tmp_path / "tiny"


def edit_card(folder: Path, **changes: object) -> None:
    path = folder / "model.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        open_bundle(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestWriting:
    def test_what_only_training_knows_is_carried_in_the_card(self, tmp_path, tiny_data):
        unread = {
            "train_params": {"lr_generator": "2e-4", "none": None},
            "monitor_params": {"x": 1},
        }
        config = parse_config({**tiny_data(), **unread})
        bundle = write_bundle(tmp_path / "tiny", ModelCard(name="tiny", config=config), fill)
        written = yaml.safe_load((bundle.folder / "model.yaml").read_text())["config"]
        assert {key: written[key] for key in unread} == unread
        assert bundle.card.config == config

    def test_it_is_read_back_equal(self, tmp_path, card):
        written = write_bundle(tmp_path / "new" / "tiny", card, fill)
        bundle = open_bundle(tmp_path / "new" / "tiny")
        assert bundle == written
        assert bundle.card.model_copy(update={"files": {}}) == card
        assert set(bundle.card.files) == {f"{stage}.onnx" for stage in STAGES} | {"params.h5"}
        assert bundle.card.files["params.h5"] == sha256(b"parameters").hexdigest()
        assert {path.read_text() for path in bundle.graphs.values()} == {
            f"graph {stage}" for stage in STAGES
        }
        assert bundle.parameters == bundle.folder / "params.h5"

    def test_parameters_are_optional(self, tmp_path, card):
        def graphs_only(partial: Path) -> None:
            fill(partial)
            (partial / "params.h5").unlink()

        assert write_bundle(tmp_path / "tiny", card, graphs_only).parameters is None

    @pytest.mark.parametrize("error", [ExportError("unequal"), OSError(28, "No space left")])
    @pytest.mark.parametrize("replace", [False, True])
    def test_a_failure_in_the_middle_leaves_what_was(self, folder, card, error, replace):
        target = folder if replace else folder.with_name("other")

        def failing(partial: Path) -> None:
            fill(partial, "half")
            raise error

        with pytest.raises((ExportError, OutputError), match=r"unequal|other|No space left"):
            write_bundle(target, card, failing, replace)
        assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
        assert open_bundle(folder).graphs["motion"].read_text() == "graph motion"

    def test_a_folder_made_for_it_goes_without_it(self, tmp_path, card):
        with pytest.raises(ZeroDivisionError):
            write_bundle(tmp_path / "one" / "two", card, lambda folder: 1 // 0)
        assert not list(tmp_path.iterdir())

    def test_a_failure_to_move_leaves_what_was(self, folder, card, monkeypatch):
        move = Path.replace

        def failing(self: Path, target: Path) -> Path:
            if Path(target) == folder and not self.name.endswith("-old"):
                raise OSError(5, "Input/output error")
            return move(self, target)

        monkeypatch.setattr(Path, "replace", failing)
        with pytest.raises(OutputError, match=r"cannot be written: Input/output error"):
            write_bundle(folder, card, lambda partial: fill(partial, "new"), replace=True)
        assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
        assert open_bundle(folder).graphs["motion"].read_text() == "graph motion"

    def test_replacing_leaves_nothing_of_the_old(self, folder, card):
        (folder / "more.txt").write_text("unlisted")
        write_bundle(folder, card, lambda partial: fill(partial, "new"), replace=True)
        assert open_bundle(folder).graphs["motion"].read_text() == "new motion"
        assert not (folder / "more.txt").exists()
        assert [path.name for path in folder.parent.iterdir()] == ["tiny"]

    def test_a_bundle_is_replaced_only_on_demand(self, folder, card):
        with pytest.raises(OutputError, match=r"expected a new folder, found a model"):
            write_bundle(folder, card, fill)

    def test_something_else_is_never_replaced(self, tmp_path, card):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("years of work")
        (tmp_path / "file").write_text("")
        for name in ("mine", "file"):
            with pytest.raises(OutputError, match=r"expected a new folder, found something else"):
                write_bundle(tmp_path / name, card, fill, replace=True)
        assert (tmp_path / "mine" / "thesis.txt").exists()

    def test_a_parent_that_is_a_file(self, tmp_path, card):
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match=r"file/tiny: cannot be written: "):
            write_bundle(tmp_path / "file" / "tiny", card, fill)


class TestOpening:
    @pytest.mark.parametrize("name", ["decoder.onnx", "params.h5"])
    def test_a_changed_file(self, folder, name):
        with (folder / name).open("ab") as file:
            file.write(b"!")
        assert f"{name}: expected SHA-256 " in refusal(folder)

    @pytest.mark.parametrize("name", ["decoder.onnx", "params.h5"])
    def test_a_missing_file(self, folder, name):
        (folder / name).unlink()
        assert refusal(folder) == f"{folder}: expected the file {name}, found none"

    def test_a_stage_that_is_not_listed(self, folder):
        files = yaml.safe_load((folder / "model.yaml").read_text())["files"]
        del files["motion.onnx"]
        edit_card(folder, files=files)
        assert "expected the graph motion.onnx, the card lists none" in refusal(folder)

    @pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/b", "..", "", "a\\b"])
    def test_a_listed_path_that_leads_elsewhere(self, folder, name):
        (folder.parent / "secret").write_text("secret")
        files = yaml.safe_load((folder / "model.yaml").read_text())["files"]
        edit_card(folder, files={**files, name: sha256(b"secret").hexdigest()})
        assert f"expected plain file names, found {name!r}" in refusal(folder)

    @pytest.mark.parametrize("name", ["../tiny", "/", "..", "", "a\nb"])
    def test_a_name_that_leads_elsewhere(self, folder, name):
        edit_card(folder, name=name)
        assert f"name: expected a plain name, found {name!r}" in refusal(folder)

    def test_a_bad_configuration_inside_the_card(self, folder):
        edit_card(folder, config={"model_params": {}})
        assert "model.yaml: config.model_params.kp_detector_params: expected a value" in refusal(
            folder
        )

    def test_a_card_of_another_format(self, folder):
        edit_card(folder, format=2)
        assert "model.yaml: format: expected 1, found 2" in refusal(folder)

    @pytest.mark.parametrize("text", ["", "[1]", "a: [", "x: 2020-13-45"])
    def test_a_damaged_card(self, folder, text):
        (folder / "model.yaml").write_text(text)
        assert str(folder / "model.yaml") in refusal(folder)

    def test_no_bundle_at_all(self, tmp_path):
        assert not is_bundle(tmp_path)
        assert refusal(tmp_path) == (
            f"{tmp_path}: expected a model folder with model.yaml, found none"
        )
        assert "found none" in refusal(tmp_path / "none")


def test_a_card_is_checked_like_a_configuration(card):
    data = card.model_dump()
    assert parse_card(data, "card") == card
    with pytest.raises(ModelError, match=r"^card: metrics.L1: expected a valid number, found 'x'"):
        parse_card({**data, "metrics": {"L1": "x"}}, "card")


def test_the_embedded_models_are_whole():
    models = embedded_models()
    assert "avatar" in models
    for name, folder in models.items():
        bundle = open_bundle(folder)
        assert isinstance(bundle, Bundle)
        assert bundle.card.name == name
        assert bundle.card.licence
        assert bundle.card.provenance
