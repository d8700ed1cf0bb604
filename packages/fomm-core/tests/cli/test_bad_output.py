"""Results that cannot be written, or must not be: nothing lost, nothing left behind."""

from __future__ import annotations

import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fomm_core.config import dump_config
from fomm_core.model.finding import find_model

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("file/o.mp4", "file/o.mp4: cannot be written"),
        (
            "file/deep/down/o.mp4",
            "o.mp4: cannot be written: Not a directory; choose another place",
        ),
        ("/proc/o.mp4", "cannot be written"),
        ("folder.mp4", "found a folder"),
        ("o.avi", "expected an ending among .mp4"),
        ("o", "expected an ending among .mp4"),
        ("x" * 300 + ".mp4", "File name too long"),
    ],
)
def test_an_output_that_cannot_be(refuse, fake_engine, here, output, problem):
    fake_engine()
    (here / "file").write_text("in the way")
    (here / "folder.mp4").mkdir()
    assert problem in refuse(output=output)
    assert problem in refuse("--find-best-frame", output=output)
    assert (here / "file").read_text() == "in the way"


def test_a_folder_that_holds_something_else_is_not_replaced_by_pngs(refuse, fake_engine, here):
    fake_engine()
    (here / "photos").mkdir()
    (here / "photos/holiday.png").write_bytes(b"dear to somebody")
    assert "found 'holiday.png'" in refuse("--output-png", output="photos")
    assert "found a file" in refuse("--output-png", output="photos/holiday.png")


def test_results_do_not_replace_inputs(refuse, fake_engine, here, clip, portrait, ffmpeg):
    fake_engine()
    shutil.copy(clip, "talk.mp4")
    shutil.copy(portrait, "face.png")
    (here / "link.mp4").symlink_to("talk.mp4")
    (here / "frames").mkdir()
    ffmpeg("-i", clip, "-start_number", "0", here / "frames/%06d.png")
    for output in ("talk.mp4", here / "talk.mp4", "frames/../talk.mp4", "link.mp4"):
        assert "than that of an input" in refuse(driving="talk.mp4", output=output)
    for source, driving in (("face.png", "frames"), ("frames/000000.png", "talk.mp4")):
        words = {"source": source, "driving": driving, "output": "frames"}
        assert "than that of an input" in refuse("--output-png", **words)
    for motion in ("face.png", "talk.mp4", "out/o.mp4"):
        words = ("--save-motion", motion)
        assert "than those of inputs" in refuse(*words, source="face.png", driving="talk.mp4")


def test_a_saved_motion_replaces_nothing_that_was_read(
    animate, refuse, fake_engine, here, clip, portrait
):
    fake_engine()
    model = find_model("avatar")
    (here / "c.yaml").write_text(dump_config(model.config))
    shutil.copy(model.parameters, "p.h5")
    (here / "link.npz").symlink_to("m.npz")
    words = ("--source", portrait, "--driving", clip, "--output", "o.mp4")
    assert animate(*words, "--save-motion", "m.npz").code == 0
    before = [Path(name).read_bytes() for name in ("m.npz", "c.yaml", "p.h5")]
    for motion in ("m.npz", "link.npz"):
        words = ("--motion-template", "m.npz", "--save-motion", motion)
        assert "than those of inputs" in refuse(*words, driving=None)
    for motion in ("c.yaml", "p.h5"):
        words = ("--config", "c.yaml", "--params", "p.h5", "--save-motion", motion)
        assert "than those of inputs" in refuse(*words)
    assert [Path(name).read_bytes() for name in ("m.npz", "c.yaml", "p.h5")] == before


def test_a_motion_that_cannot_be_saved_is_refused_at_once(refuse, fake_engine, here):
    fake_engine()
    (here / "file").write_text("in the way")
    (here / "folder").mkdir()
    assert "cannot be written" in refuse("--save-motion", "file/m.npz")
    assert "found a folder" in refuse("--save-motion", "folder")


def test_a_failing_run_leaves_the_earlier_result(animate, refuse, fake_engine, broken, portrait):
    fake_engine()
    for output, words in (("o.mp4", []), ("pngs", ["--output-png"])):
        named = ("--source", portrait, "--output", output, *words)
        assert animate(*named, "--driving", "whole.mp4", "--end", "0.2").code == 0
        before = snapshot(Path(output))
        refuse(*words, driving=broken["cut"], output=output)
        assert snapshot(Path(output)) == before


def snapshot(path):
    """Names and contents of a file or of a folder's files."""
    return {str(p): p.read_bytes() for p in (path.iterdir() if path.is_dir() else [path])}


@pytest.fixture
def noisy(here, ffmpeg):
    """A picture and a video that fill a disk quickly."""
    noise = np.random.default_rng(0).integers(0, 255, (30, 64, 64, 3), np.uint8)
    Image.fromarray(noise[0]).save("noise.png")
    form = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x64", "-r", "25", "-i", "-")
    ffmpeg(*form, "-c:v", "libx264rgb", "-crf", "0", "noise.mkv", stdin=noise.tobytes())
    return ("--source", "noise.png", "--driving", "noise.mkv")


@pytest.fixture
def small_disk(here):
    """A folder on a disk of 48 KiB, where one can be mounted; else ``None``."""
    disk = here / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", disk]
    done = None
    if shutil.which("mount"):
        done = subprocess.run(mount, capture_output=True, check=False)
    yield disk if done and done.returncode == 0 else None
    if done and done.returncode == 0:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    "words", [["--output", "disk/o.mp4"], ["--output-png", "--output", "disk/o"]]
)
def test_a_disk_that_fills(program, small_disk, noisy, files, words):
    """Where no disk can be mounted, the size that files may have is limited instead."""
    (Path("disk") / "earlier").write_text("kept")
    before = files()
    limit = None
    if small_disk is None:
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))  # noqa: E731
    done = program("-q", "animate", "--model", "avatar", *noisy, *words, preexec_fn=limit)
    reason = "File too large" if limit else "No space left on device"
    assert done.refusal.endswith(
        f"{words[-1]}: cannot be written: {reason}; free space or choose another place"
    )
    assert files() == before
