"""``fomm export``, and running what it exported where NNabla is not installed."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from fomm_core.config import dump_config, load_config, parse_config
from fomm_core.model.bundle import open_bundle
from fomm_core.model.finding import find_model
from fomm_core.model.parameters import load_parameters, save_parameters

NO_NNABLA = "raise ImportError('NNabla is hidden from this process')\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_data, random_parameters):
    """A folder with a configuration and random parameters, as a training run leaves them."""
    folder = tmp_path_factory.mktemp("trained")
    data = tiny_data(dataset_params={"frame_shape": [32, 32, 3]})
    save_parameters(folder / "params.h5", random_parameters(parse_config(data)))
    (folder / "bare.yaml").write_text(yaml.safe_dump(data))
    whole = {**data, "log_dir": "tmp.monitor/221007", "saved_parameters": "elsewhere/params.h5"}
    (folder / "training_info.yaml").write_text(yaml.safe_dump(whole))
    return folder


@pytest.fixture
def without_nnabla(tmp_path):
    """Surroundings in which importing NNabla fails."""
    (tmp_path / "hidden" / "nnabla").mkdir(parents=True)
    (tmp_path / "hidden" / "nnabla" / "__init__.py").write_text(NO_NNABLA)
    return {"PYTHONPATH": str(tmp_path / "hidden")}


def test_the_exported_folder_runs_without_nnabla(
    program, fomm, trained, without_nnabla, portrait, pictures
):
    assert fomm("export", "my model", "--config", trained / "training_info.yaml").code == 0
    words = ("--source", portrait, "--driving", portrait, "--only-generated", "--output-png")
    apart = program("animate", *words, "--model", "my model", env=without_nnabla)
    assert str(apart.result) == "result/my model/arbitrary/ada_by_ada"
    reference = ("--config", trained / "training_info.yaml", "--engine", "nnabla")
    here = fomm("animate", *words, *reference)
    assert str(here.result) == "result/221007/arbitrary/ada_by_ada"
    difference = pictures(apart.result).astype(int) - pictures(here.result)
    assert np.abs(difference).max() <= 1


def test_the_folder_does_not_tell_where_the_training_lay(fomm, trained, here):
    assert fomm("export", "model", "--config", trained / "training_info.yaml").code == 0
    text = (here / "model" / "model.yaml").read_text()
    assert "frame_shape" in text
    assert not any(word in text for word in ("log_dir", "tmp.monitor/221007", "elsewhere"))


def test_nnabla_is_really_hidden(program, without_nnabla, trained, portrait):
    words = ("--config", trained / "training_info.yaml", "--engine", "nnabla")
    done = program("-q", "animate", *words, env=without_nnabla)
    assert done.code != 0
    assert "NNabla is hidden from this process" in done.err


def test_the_folder_says_what_it_is(fomm, trained, here, files):
    texts = {"name": "from card", "description": "größe", "licence": "MIT", "metrics": {"L1": 0.1}}
    (here / "card.yaml").write_text(yaml.safe_dump(texts))
    config = ("--config", trained / "bare.yaml", "--params", trained / "params.h5")
    names = {}
    for folder, words in (
        ("plain", []),
        ("carded", ["--card", "card.yaml"]),
        ("named", ["--card", "card.yaml", "--name", "given"]),
    ):
        done = fomm("export", folder, *config, *words)
        assert done.code == 0, done.err
        names[folder] = open_bundle(folder).card.name
        assert done.out.startswith(f"{folder}: {names[folder]}, ")
    assert names == {"plain": "plain", "carded": "from card", "named": "given"}
    assert open_bundle("carded").card.description == "größe"
    written = {"model.yaml", "params.h5", "keypoints.onnx", "encoder.onnx", "motion.onnx"}
    written |= {"decoder.onnx"}
    assert files() == {"card.yaml", *(f"{f}/{name}" for f in names for name in written)}


@pytest.mark.parametrize(
    ("words", "compared", "proof"),
    [
        ([], True, "equal to NNabla's networks"),
        (["--half"], True, "near NNabla's networks (weights rounded to float16)"),
        ([], False, "not compared with NNabla, which is not installed"),
        (["--half"], False, "not compared with NNabla, which is not installed"),
    ],
)
def test_no_more_is_said_of_the_graphs_than_is_known(
    fomm, trained, here, monkeypatch, words, compared, proof
):
    from fomm_core.export import exporter
    from fomm_core.export import prebuilt as prepared

    if not compared:
        config = load_config(trained / "bare.yaml")
        text = yaml.safe_load((trained / "bare.yaml").read_text())
        networks = yaml.safe_dump({key: text[key] for key in ("dataset_params", "model_params")})
        monkeypatch.setattr(prepared, "PREBUILT", here / "graphs")
        prepared.save_prebuilt(here / "graphs" / "tiny", networks, exporter.walk_stages(config))
        monkeypatch.setattr(exporter, "has_nnabla", lambda: False)
    done = fomm("export", "model", "--config", trained / "training_info.yaml", *words)
    assert done.code == 0, done.err
    assert done.out.rstrip("\n").endswith(f" MB, {proof}")


def test_half_precision_halves_the_folder(fomm, nnabla, here):
    model = find_model("avatar")
    (here / "avatar.yaml").write_text(dump_config(model.config))
    words = ("--config", "avatar.yaml", "--params", model.parameters)
    assert fomm("export", "whole", *words).code == 0
    assert fomm("export", "half", *words, "--half").code == 0
    whole, half = load_parameters("whole/params.h5"), load_parameters("half/params.h5")
    assert whole.keys() == half.keys()
    assert all(np.allclose(whole[name], half[name], rtol=1e-3, atol=1e-4) for name in whole)
    sizes = [sum(f.stat().st_size for f in (here / n).iterdir()) for n in ("whole", "half")]
    assert sizes[1] < 0.6 * sizes[0]


def test_a_model_is_replaced_only_by_force(fomm, trained, here, files):
    config = ("--config", trained / "training_info.yaml")
    assert fomm("export", "model", *config).code == 0
    before = (here / "model/model.yaml").read_bytes()
    assert "model: expected a new folder, found a model" in fomm("export", "model", *config).refusal
    assert (here / "model/model.yaml").read_bytes() == before
    assert fomm("export", "model", *config, "--no-params", "--force").code == 0
    assert "model/params.h5" not in files()
    (here / "thesis").mkdir()
    (here / "thesis/only copy.txt").write_text("years of work")
    assert "found something else" in fomm("export", "thesis", *config, "--force").refusal
    assert (here / "thesis/only copy.txt").read_text() == "years of work"


def test_parameters_that_do_not_fit_are_named(fomm, trained, files, here):
    parameters = load_parameters(trained / "params.h5")
    first = next(iter(parameters))
    parameters[first] = parameters[first][:1]
    save_parameters(here / "other.h5", parameters)
    config = ("--config", trained / "bare.yaml")
    refusal = fomm("export", "model", *config, "--params", "other.h5").refusal
    assert f"{first}: the configuration expects shape" in refusal
    refusal = fomm("export", "model", *config).refusal
    assert "saved_parameters: expected a parameter file, found none; name one with --params" in (
        refusal
    )
    assert files() == {"other.h5"}


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("- a list", "expected a mapping of texts, found list"),
        ("licence: [", "expected YAML, found"),
        ("motto: x", "motto: unknown key"),
        ("name: ../up", "name: expected a plain name"),
    ],
)
def test_a_bad_card_is_refused_before_any_work(fomm, trained, here, card, problem, files):
    (here / "card.yaml").write_text(card)
    words = ("--config", trained / "training_info.yaml", "--card", "card.yaml")
    refusal = fomm("export", "model", *words).refusal
    assert refusal.startswith("card.yaml: ")
    assert problem in refusal
    assert files() == {"card.yaml"}


def test_a_folder_that_cannot_be_made_is_refused(fomm, trained, here, files):
    (here / "file").write_text("in the way")
    config = ("--config", trained / "training_info.yaml")
    assert fomm("export", "file/model", *config).refusal.startswith("file/model: cannot be written")
    assert files() == {"file"}


def test_without_nnabla_the_message_says_where_to_export(fomm, tiny_data, here, monkeypatch):
    from fomm_core.export import exporter

    monkeypatch.setattr(exporter, "has_nnabla", lambda: False)
    (here / "c.yaml").write_text(yaml.safe_dump(tiny_data()))
    save_parameters(here / "p.h5", {"generator/conv/W": np.zeros((1, 1), np.float32)})
    words = ("export", "model", "--config", "c.yaml", "--params", "p.h5")
    assert "exporting this configuration needs NNabla" in fomm(*words).refusal
