"""``fomm reconstruct``, with the smallest embedded model."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import yaml
from PIL import Image

from fomm_core.config import dump_config
from fomm_core.model.bundle import EMBEDDED_MODELS
from fomm_core.model.finding import find_model
from fomm_core.video import VideoReader
from mpi_launcher import mpirun_or_skip

MEAN = re.compile(r"mean L1: (0\.\d{6}) \((\d+) frames of (\d+) videos\)\n")
AVATAR = ("--model", "avatar")
PROGRAM = (sys.executable, "-m", "fomm_core.cli.main")


def files(folder):
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not path.parts[0].startswith("."))


def size(path):
    info = VideoReader(path).info
    return info.height, info.width


def test_the_seeds_folders_and_the_mean(fomm, data, here):
    done = fomm("reconstruct", *AVATAR, "--data", data, "--eval")
    assert done.code == 0, done.err
    assert "avatar on " in done.err
    result = here / "result" / "avatar" / "reconstruction"
    assert files(result) == [
        "one.mp4",
        "png/one.png",
        "png/two.png",
        "reconstruction.json",
        "two.mp4",
    ]
    figures = json.loads((result / "reconstruction.json").read_text())
    mean = MEAN.fullmatch(done.out)
    assert mean.group(2, 3) == ("7", "2")
    assert float(mean[1]) == pytest.approx(figures["l1"], abs=1e-6)
    one, two = (video["l1"] for video in figures["videos"])
    assert figures["l1"] == pytest.approx((4 * one + 3 * two) / 7)
    assert np.asarray(Image.open(result / "png" / "two.png")).shape == (128, 3 * 128, 3)


def test_views_and_forms(fomm, data, here):
    shapes = {}
    for view in ("", "--only-generated", "--detailed", "--full"):
        words = [view] if view else []
        assert (
            fomm("-q", "reconstruct", *AVATAR, "--data", data, "-o", f"out{view}", *words).code == 0
        )
        shapes[view] = size(here / f"out{view}" / "avatar" / "reconstruction" / "two.mp4")
    assert shapes["--only-generated"] == (128, 128)
    assert shapes[""][1] > 128 * 2
    assert shapes["--detailed"][1] > shapes[""][1]
    assert shapes["--full"][0] > shapes["--detailed"][0]


def test_pngs_and_rates(fomm, data, here):
    words = ("-q", "reconstruct", *AVATAR, "--data", data, "--only-generated")
    assert fomm(*words, "--output-png", "-o", "a").code == 0
    folder = here / "a" / "avatar" / "reconstruction" / "two"
    assert [path.name for path in sorted(folder.iterdir())] == [f"00000{n}.png" for n in range(3)]
    assert fomm(*words, "--fps", "30000/1001", "-o", "b").code == 0
    video = here / "b" / "avatar" / "reconstruction" / "two.mp4"
    assert VideoReader(video).frame_rate == Fraction(30000, 1001)


def test_a_configuration_names_data_and_folder(fomm, data, here):
    pytest.importorskip("nnabla", reason="exporting parameters needs NNabla (Python 3.10)")
    config = find_model("avatar").config.model_dump(mode="json")
    config["dataset_params"] |= {"root_dir": str(data), "avatars": None}
    config["log_dir"] = "tmp.monitor/20300101"
    (here / "training_info.yaml").write_text(yaml.safe_dump(config))
    shutil.copy(EMBEDDED_MODELS / "avatar" / "params.h5", here / "params.h5")
    done = fomm(
        "-q", "reconstruct", "--config", "training_info.yaml", "--params", "params.h5",
        "--engine", "nnabla", "--only-generated",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert (here / "result" / "20300101" / "reconstruction" / "one.mp4").exists()
    fast = fomm("-q", "reconstruct", *AVATAR, "--data", data, "--only-generated", "-o", "fast")
    slow, fast = (float(MEAN.fullmatch(ran.out)[1]) for ran in (done, fast))
    assert slow == pytest.approx(fast, abs=1e-4)


def test_avatars_in_memory_are_no_videos(fomm, here):
    config = find_model("avatar").config
    avatars = {"avatars": {"identities": 8}}
    data = config.dataset_params.model_validate(
        {**config.dataset_params.model_dump(mode="json"), **avatars}
    )
    changed = config.model_copy(update={"dataset_params": data})
    (here / "c.yaml").write_text(dump_config(changed))
    shutil.copy(EMBEDDED_MODELS / "avatar" / "params.h5", here / "p.h5")
    refusal = fomm("reconstruct", "--config", "c.yaml", "--params", "p.h5").refusal
    assert "name them with --data" in refusal


def test_broken_videos(fomm, data, here):
    (data / "test" / "broken.mp4").write_bytes(b"no video")
    refusal = fomm("reconstruct", *AVATAR, "--data", data, "--eval").refusal
    assert "--keep-going goes on without it" in refusal
    assert not (here / "result").exists()
    done = fomm("reconstruct", *AVATAR, "--data", data, "--keep-going")
    assert done.code == 0
    assert MEAN.fullmatch(done.out).group(3) == "2"
    assert "broken.mp4" in done.err
    assert "broken and left out: 1" in done.err
    figures = here / "result" / "avatar" / "reconstruction" / "reconstruction.json"
    assert json.loads(figures.read_text())["failures"][0]["name"] == "broken"


def test_resuming_gives_the_same_figures_without_work(fomm, data, here):
    first = fomm("-q", "reconstruct", *AVATAR, "--data", data)
    video = here / "result" / "avatar" / "reconstruction" / "one.mp4"
    stamp = video.stat().st_mtime_ns
    again = fomm("-q", "reconstruct", *AVATAR, "--data", data, "--resume")
    assert again.out == first.out
    assert video.stat().st_mtime_ns == stamp
    fomm("-q", "reconstruct", *AVATAR, "--data", data, "--resume", "--only-generated")
    assert video.stat().st_mtime_ns != stamp, "another view is another result"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--data", "nowhere"), "nowhere: expected a folder of videos"),
        (("--full", "--detailed"), "expected one view"),
        (("--fps", "0"), "rate above 0"),
        (("--model", "nobody"), "nobody"),
    ],
)
def test_bad_words_are_refused(fomm, words, reason):
    assert reason in fomm("reconstruct", *words).refusal


def test_without_a_data_set_the_one_of_the_configuration_is_missed(fomm, here):
    assert "expected videos on disk, found avatars" in fomm("reconstruct", *AVATAR).refusal
    config = find_model("avatar").config.model_dump(mode="json")
    config["dataset_params"] |= {"root_dir": "nowhere", "avatars": None}
    (here / "config.yaml").write_text(yaml.safe_dump(config))
    params = EMBEDDED_MODELS / "avatar" / "params.h5"
    refused = fomm("reconstruct", "--config", "config.yaml", "--params", params)
    assert "nowhere: expected a folder of videos" in refused.refusal


def mpirun(count, *words, program=PROGRAM):
    """Run under mpirun."""
    line = [mpirun_or_skip(), "-n", count, *program, *words]
    return subprocess.run(
        [*map(str, line)], capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.mpi
def test_two_processes_give_the_figures_and_files_of_one(fomm, data, here):
    words = ("-q", "reconstruct", *AVATAR, "--data", data, "--eval", "--output-png")
    alone = fomm(*words, "-o", "one")
    done = mpirun(2, *words, "-o", "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout == alone.out
    one, two = (here / name / "avatar" / "reconstruction" for name in ("one", "two"))
    assert files(one) == files(two)
    for name in files(one):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


@pytest.mark.mpi
def test_two_processes_stop_at_a_broken_video_with_one_message(data, here):
    (data / "test" / "a.mp4").write_bytes(b"no video")
    done = mpirun(2, "-q", "reconstruct", *AVATAR, "--data", data)
    assert done.returncode != 0
    assert done.stderr.count("fomm: error: ") == 1
    assert "a.mp4" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("mean L1") == 0


@pytest.mark.mpi
def test_what_only_one_process_meets_ends_both(data, here):
    words = ("-q", "reconstruct", *AVATAR, "--data")
    done = mpirun(1, *words, data, ":", "-n", 1, *PROGRAM, *words, "nowhere")
    assert done.returncode != 0
    assert done.stderr.count("fomm: error: nowhere: expected a folder of videos") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.mpi
def test_two_processes_refuse_bad_words_with_one_message(here):
    done = mpirun(2, "reconstruct", *AVATAR, "--full", "--detailed")
    assert done.returncode != 0
    assert done.stderr.count("fomm: error: expected one view") == 1
    assert "Traceback" not in done.stderr


ENDING = """
import os, signal, sys
import fomm_eval.reconstruction.reconstruct
from fomm_core.cli.main import run

def end(*_):
    {}

fomm_eval.reconstruction.reconstruct.reconstruct_video = end
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM)", "fomm: rank 1: interrupted\n"),
        ("1 / 0", "fomm: error: rank 1: unexpected ZeroDivisionError: division by zero\n"),
    ],
    ids=["a signal", "a defect"],
)
def test_what_ends_one_process_ends_both(data, here, ending, told):
    words = ("-q", "reconstruct", *AVATAR, "--data", data)
    other = (sys.executable, "-c", ENDING.format(ending))
    done = mpirun(1, *words, ":", "-n", 1, *other, *words)
    assert done.returncode != 0
    assert told in done.stderr
    assert "mean L1" not in done.stdout


@pytest.mark.mpi
def test_a_model_that_one_process_cannot_read_ends_both(data, here):
    """As where it vanishes from one machine after it was loaded."""
    code = ENDING.replace("reconstruct.reconstruct_video", "manifest.fingerprint_of").format(
        "from fomm_core.errors import ModelError; raise ModelError('gone')"
    )
    words = ("-q", "reconstruct", *AVATAR, "--data", data)
    done = mpirun(1, *words, ":", "-n", 1, sys.executable, "-c", code, *words)
    assert done.returncode != 0
    assert done.stderr.count("fomm: error: gone\n") == 1


@pytest.mark.mpi
def test_processes_on_one_machine_share_its_cores(here):
    code = """
from fomm_core.cli.options import threads_of_rank
from fomm_core.distributed import SingleProcess
from fomm_core.utils import machine

class Six(SingleProcess):
    size = 6

machine.usable_cores = lambda: 8
shares = [threads_of_rank(n, r) for n, r in ((0, Six()), (3, Six()), (0, SingleProcess()))]
print(*shares, flush=True)
"""
    done = mpirun(2, "-c", code, program=(sys.executable,))
    assert done.stdout.splitlines() == ["4 3 0"] * 2, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX alone")
def test_names_of_sub_folders_that_are_no_utf8(fomm, data, here):
    folder = here / "vox" / "test" / os.fsdecode(b"id\xe9") / "video"
    folder.mkdir(parents=True)
    shutil.copy(next((data / "test").glob("*.mp4")), folder / "00001.mp4")
    words = ("-q", "reconstruct", *AVATAR, "--data", here / "vox", "--eval", "--only-generated")
    done = fomm(*words)
    assert done.code == 0, done.err
    result = here / "result" / "avatar" / "reconstruction"
    assert (result / os.fsdecode(b"id\xe9#video#00001.mp4")).is_file()
    figures = json.loads((result / "reconstruction.json").read_text(encoding="utf-8"))
    assert figures["videos"][0]["name"] == "id\\xe9#video#00001"
    assert fomm(*words, "--resume").out == done.out
