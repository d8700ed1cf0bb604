"""``fomm animate --pairs``: a list in, many results out."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import yaml
from PIL import Image

from fomm_core.model.bundle import EMBEDDED_MODELS
from fomm_core.model.finding import find_model
from fomm_core.model.samples import SAMPLE_CLIPS, SAMPLE_PICTURES
from mpi_launcher import mpirun_or_skip

pytestmark = pytest.mark.once

PICTURES = list(SAMPLE_PICTURES.values())[:2]
SHORT = ("--model", "avatar", "--end", "0.1", "--only-generated", "--output-png")


@pytest.fixture
def listed(here):
    """A folder with two sources, a driving clip, and a list of them."""
    folder = here / "data"
    folder.mkdir()
    for name, path in zip(("a", "b"), PICTURES, strict=True):
        Image.open(path).save(folder / f"{name}.png")
    shutil.copy(SAMPLE_CLIPS["turning"], folder / "turn.mp4")
    (folder / "list.csv").write_text("source,driving,output\na.png,turn.mp4,one\nb.png,turn.mp4\n")
    return folder / "list.csv"


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_a_list_is_animated_and_told_as_a_table(fomm, listed, here):
    done = fomm("animate", "--pairs", listed, *SHORT)
    assert done.code == 0, done.err
    titles, first, second = rows(done.out)
    assert titles == ["line", "frames", "frames/s", "result"]
    assert (first[:2], second[:2]) == (["2", "3"], ["3", "3"])
    results = here / "result" / "one", here / "result" / "avatar" / "arbitrary" / "b_by_turn"
    assert all(len(list(path.iterdir())) == 3 for path in results)
    assert "2 made, 0 there before, 0 failed" in done.err
    again = fomm("-q", "animate", "--pairs", listed, "--resume", *SHORT)
    assert (again.code, again.out.count("(there before)"), again.err) == (0, 2, "")


def test_a_bad_pair_is_told_and_left_out_where_wanted(fomm, listed, here):
    with listed.open("a") as file:
        file.write("nobody.png,turn.mp4\n")
    refused = fomm("-q", "animate", "--pairs", listed, *SHORT)
    assert "list.csv, line 4: expected a file, found nothing at" in refused.refusal
    assert not (here / "result").exists()
    done = fomm("-q", "animate", "--pairs", listed, "--keep-going", *SHORT)
    assert done.code == 0, done.err
    assert [row[0] for row in rows(done.out)] == ["line", "2", "3", "4"]
    assert "failed: " in done.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--pairs",), "expected a CSV file, or a configuration with animate_params.pairs_list"),
        (("--pairs", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("--pairs", "data/list.csv", "--source", "a.png"), "either --pairs or --source"),
        (("--pairs", "data/list.csv", "--save-motion", "m.npz"), "either --pairs or --save-motion"),
        (("--resume",), "--resume: expected with --pairs"),
    ],
)
def test_bad_words_are_refused(fomm, listed, here, words, reason):
    assert reason in fomm("-q", "animate", *words, "--model", "avatar").refusal
    assert not (here / "result").exists()


def test_a_configuration_names_the_list_and_where_its_videos_are(fomm, listed, here):
    config = find_model("avatar").config.model_dump(mode="json")
    config["dataset_params"] |= {"root_dir": "data", "avatars": None}
    config["animate_params"] = {"pairs_list": "pairs.csv"}
    (here / "config.yaml").write_text(yaml.safe_dump(config))
    (here / "pairs.csv").write_text("distance,source,driving\n0.5,a.png,turn.mp4\n")
    params = EMBEDDED_MODELS / "avatar" / "params.h5"
    words = ("--config", "config.yaml", "--params", params, *SHORT[2:])
    done = fomm("-q", "animate", "--pairs", *words)
    assert done.code == 0, done.err
    assert rows(done.out)[1][:2] == ["2", "3"]


@pytest.mark.mpi
def test_two_processes_share_the_list(fomm, listed, here):
    program = [sys.executable, "-m", "fomm_core.cli.main", "-q", "animate", "--pairs", listed]
    line = [mpirun_or_skip(), "-n", "2", *program, *SHORT, "-o", "two"]
    done = subprocess.run([*map(str, line)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    alone = fomm("-q", "animate", "--pairs", listed, *SHORT, "-o", "one")
    assert [row[:2] for row in rows(done.stdout)] == [row[:2] for row in rows(alone.out)]
    names = ("one", "avatar/arbitrary/b_by_turn")
    for name in names:
        for path in (here / "one" / name).iterdir():
            assert path.read_bytes() == (here / "two" / name / path.name).read_bytes()
