"""Damaged models, parameters, configurations and motions: one line, exit code 2."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
import yaml

from fomm_core.config import dump_config, parse_config
from fomm_core.model.finding import find_model
from fomm_core.model.parameters import load_parameters, save_parameters


@pytest.fixture
def pair(here):
    """The embedded model as a configuration with parameters, ``c.yaml`` and ``p.h5``."""
    model = find_model("avatar")
    (here / "c.yaml").write_text(dump_config(model.config))
    shutil.copy(model.parameters, "p.h5")
    return ("--config", "c.yaml", "--params", "p.h5")


def test_parameters_that_do_not_fit_the_configuration(refuse, nnabla, pair, tiny_data, here):
    (here / "tiny.yaml").write_text(yaml.safe_dump(tiny_data()))
    first = next(iter(load_parameters("p.h5")))
    refusal = refuse(*pair[2:], config="tiny.yaml")
    assert re.search(r"\S+/W: the configuration expects shape \(.*\), found \(", refusal), refusal
    whole = load_parameters("p.h5")
    for engine in ("openvino", "nnabla"):
        save_parameters(here / "q.h5", {n: v for n, v in whole.items() if n != first})
        refusal = refuse("--engine", engine, config="c.yaml", params="q.h5")
        assert f"{first}: the configuration expects shape" in refusal
        assert refusal.endswith("found no such parameter")


def test_parameters_that_are_not_numbers(refuse, nnabla, pair, here):
    import h5py

    with h5py.File("p.h5", "r+") as file:
        file["generator/final_conv/conv/b"][0] = np.nan
    for engine in ("openvino", "nnabla"):
        refusal = refuse("--engine", engine, *pair)
        assert "generator/final_conv/conv/b: expected finite values, found 1 of 3" in refusal


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "missing", "folder"])
def test_a_damaged_parameter_file(refuse, nnabla, pair, here, damage):
    content = (here / "p.h5").read_bytes()
    (here / "p.h5").unlink()
    if damage == "folder":
        (here / "p.h5").mkdir()
    elif damage != "missing":
        parts = {"empty": b"", "cut": content[: len(content) // 2], "text": b"weights" * 99}
        (here / "p.h5").write_bytes(parts[damage])
    assert refuse(*pair).startswith("p.h5: expected a")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model_params: [1, 2", "expected YAML, found"),
        ("", "expected a mapping of sections"),
        ("a: &a [*a]\nb: !!python/object/apply:os.system ['true']", "expected YAML, found"),
        ("model_params: 5", "model_params: expected"),
        ("dataset_params: {frame_shape: [100, 100, 3]}\nmodel_params: {}", "model_params."),
        ("\0\1\2", "expected YAML, found"),
    ],
)
def test_a_damaged_configuration(refuse, pair, here, text, problem):
    (here / "c.yaml").write_text(text)
    refusal = refuse(*pair)
    assert refusal.startswith("c.yaml: ")
    assert problem in refusal
    (here / "c.yaml").unlink()
    assert refuse(*pair) == "c.yaml: expected a YAML file, found none"


def test_a_binary_configuration(refuse, pair):
    assert refuse("--config", "p.h5").startswith("p.h5: expected YAML text, found binary data")


@pytest.mark.parametrize("stage", ["keypoints", "encoder", "motion", "decoder"])
def test_a_damaged_graph(refuse, damaged_model, stage):
    content = find_model("avatar").bundle.graphs[stage].read_bytes()
    folder = damaged_model(f"{stage}.onnx", content[: len(content) // 2])
    assert refuse("--model", folder).startswith(f"{folder}/{stage}.onnx: expected SHA-256 ")


def test_a_damaged_graph_whose_checksum_is_right(animate, damaged_model, files):
    content = find_model("avatar").bundle.graphs["motion"].read_bytes()
    folder = damaged_model("motion.onnx", content[: len(content) // 2], honest=True)
    before = files()
    done = animate("--model", folder, "--engine", "openvino")
    assert (done.code, done.out) == (2, "")
    # OpenVINO tries all formats that it knows, and some of its readers complain by themselves.
    last = done.err.splitlines()[-1]
    assert last.startswith(f"fomm: error: {folder}/motion.onnx: expected an exported ONNX graph")
    assert files() == before


def test_a_graph_of_another_stage(refuse, damaged_model):
    model = find_model("avatar")
    content = model.bundle.graphs["encoder"].read_bytes()
    folder = damaged_model("keypoints.onnx", content, honest=True)
    assert "keypoints" in refuse("--model", folder, "--engine", "openvino")


def test_a_damaged_card(refuse, damaged_model):
    folder = damaged_model("model.yaml", b"name: [")
    assert refuse("--model", folder).startswith(f"{folder}/model.yaml: expected YAML")


def test_a_model_that_is_none(refuse, here):
    assert refuse("--model", "avatr").endswith("found 'avatr'; did you mean 'avatar'?")
    (here / "empty").mkdir()
    assert refuse("--model", "empty") == (
        "empty: expected a model folder with model.yaml, found none"
    )


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more", b"text" * 99, None])
def test_a_damaged_motion_template(refuse, here, content):
    if content is not None:
        (here / "m.npz").write_bytes(content)
    refusal = refuse("--motion-template", "m.npz", driving=None)
    assert refusal.startswith("motion template m.npz: ")


def test_a_template_of_another_model(refuse, animate, fake_engine, portrait, clip, monkeypatch):
    with monkeypatch.context():
        fake_engine(num_kp=3)
        words = ("--source", portrait, "--driving", clip, "--save-motion", "three.npz")
        assert animate(*words).code == 0
    fake_engine(num_kp=4)
    refusal = refuse("--motion-template", "three.npz", driving=None)
    assert "expected 4 as in the source, found 3" in refusal


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--engine", "nnabla", "--precision", "fast"], "no engine can run this model here"),
        (["--model", "avatar", "--config", "c.yaml"], "either a model or a configuration"),
    ],
)
def test_models_and_engines_that_cannot_be(refuse, words, problem):
    assert problem in refuse(*words)


def test_a_configuration_of_an_impossible_size_names_the_key(tiny_data, refuse, here, pair):
    data = tiny_data(dataset_params={"frame_shape": [24, 32, 3]})
    parse_config(data)
    data["dataset_params"]["frame_shape"] = [25, 32, 3]
    (here / "c.yaml").write_text(yaml.safe_dump(data))
    assert "frame_shape" in refuse(*pair)
