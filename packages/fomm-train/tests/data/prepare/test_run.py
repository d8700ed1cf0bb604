from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from fomm_core.errors import ConfigError, FommError, MediaError, OutputError
from fomm_train.cli.prepare import command
from fomm_train.data.clip import DirectClip, open_clip
from fomm_train.data.index import IndexStore
from fomm_train.data.pairs import VideoPairs

PATIENCE = 240  # seconds until something that should happen is taken not to


@pytest.fixture
def source(tmp_path, write_numbered, write_folder):
    """A data set of three kinds of clips, in train/ and test/."""
    root = tmp_path / "source"
    write_numbered(root / "train" / "x#1.mp4", 12)
    write_numbered(root / "train" / "y#1.mov", 8, size=(64, 48), first=20)
    write_folder(root / "test" / "z#1", 5, size=(60, 90))
    return root


def prepare(*arguments: object, workers: int = 0) -> str:
    words = [str(argument) for argument in arguments]
    result = CliRunner().invoke(command, [*words, f"--workers={workers}"])
    if result.exception is not None:
        raise result.exception
    return result.output


def tree(folder: Path) -> list[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in files if not name.startswith(".prepared"))


def states(folder: Path) -> dict[str, int]:
    return {name: (folder / name).stat().st_mtime_ns for name in tree(folder)}


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_videos_become_folders_of_frames(source, tmp_path, workers, number_in):
    out = tmp_path / "out"
    output = prepare(source, out, "--size", "32", workers=workers)
    assert output.strip() == f"{out}: 3 clips (3 new), 0 broken"
    expected = {"train/x#1": range(12), "train/y#1": range(20, 28), "test/z#1": range(5)}
    names = [f"{clip}/{n:06d}.png" for clip in expected for n in range(len(expected[clip]))]
    assert tree(out) == sorted(names)
    for name in names:
        assert Image.open(out / name).size == (32, 32)


def test_frames_keep_their_order_and_content(source, tmp_path, number_in):
    prepare(source, tmp_path / "out", "--size", "64x48")
    found = open_clip(tmp_path / "out" / "train" / "x#1", IndexStore())
    expected = open_clip(source / "train" / "x#1.mp4", IndexStore())
    np.testing.assert_array_equal(list(found.span(0, 12)), list(expected.span(0, 12)))
    assert [number_in(frame) for frame in found.span(0, 12)] == list(range(12))


def test_jpeg(source, tmp_path):
    prepare(source, tmp_path / "out", "--size", "32x16", "--format", "jpg")
    files = list((tmp_path / "out" / "train" / "x#1").iterdir())
    assert len(files) == 12
    with Image.open(files[0]) as image:
        assert (image.format, image.size) == ("JPEG", (32, 16))


def test_videos_that_are_quick_to_read(source, tmp_path, number_in):
    prepare(source, tmp_path / "out", "--size", "64x48", "--format", "mp4")
    assert tree(tmp_path / "out") == ["test/z#1.mp4", "train/x#1.mp4", "train/y#1.mp4"]
    path = tmp_path / "out" / "train" / "x#1.mp4"
    clip = open_clip(path, IndexStore())
    assert isinstance(clip, DirectClip)
    assert [number_in(frame) for frame in clip.frames([11, 0, 5])] == [11, 0, 5]
    assert clip.frames([0])[0].shape == (48, 64, 3)
    table = IndexStore().get(path).table
    assert np.diff(table.key_rows).max() <= 2


def test_the_result_is_a_data_set_to_train_on(source, tmp_path):
    prepare(source, tmp_path / "out", "--size", "32")
    clips = sorted((tmp_path / "out" / "train").iterdir())
    pairs = VideoPairs(clips, (32, 32), id_sampling=True)
    assert len(pairs) == 2
    assert pairs.pair(0, 0).source.shape == (3, 32, 32)
    assert pairs.skipped == {}


def test_a_flat_folder_stays_flat(tmp_path, write_numbered):
    write_numbered(tmp_path / "flat" / "a.mp4", 3)
    prepare(tmp_path / "flat", tmp_path / "out", "--size", "32")
    assert tree(tmp_path / "out") == [f"a/00000{n}.png" for n in range(3)]


def test_videos_in_sub_folders(tmp_path, write_numbered):
    for name in ("id1/a/00001.mp4", "id1/b/00001.mp4"):
        (tmp_path / "vox" / name).parent.mkdir(parents=True)
        write_numbered(tmp_path / "vox" / name, 2)
    prepare(tmp_path / "vox", tmp_path / "out", "--size", "32", "--format", "mp4")
    assert tree(tmp_path / "out") == ["id1#a#00001.mp4", "id1#b#00001.mp4"]


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX alone")
@pytest.mark.parametrize("workers", [0, 1])
def test_names_that_are_no_utf8(tmp_path, write_numbered, workers):
    name, folder = os.fsdecode(b"caf\xe9"), tmp_path / os.fsdecode(b"vid\xe9os")
    write_numbered(folder / f"{name}.mp4", 2)
    (tmp_path / "boxes.csv").write_bytes(b"file,left,top,right,bottom\ncaf\xe9.mp4,0,0,8,8\n")
    boxes = ("--boxes", tmp_path / "boxes.csv")
    prepare(folder, tmp_path / "out", "--size", "32", workers=workers)
    assert tree(tmp_path / "out") == [f"{name}/00000{n}.png" for n in range(2)]
    assert "1 clips (0 new)" in prepare(folder, tmp_path / "out", "--size", "32")
    prepare(folder, tmp_path / "cut", *boxes, "--size", "32", workers=workers)
    assert tree(tmp_path / "cut") == [f"{name}#0/00000{n}.png" for n in range(2)]
    pairs = VideoPairs([tmp_path / "out" / name, folder / f"{name}.mp4"], (32, 32))
    assert pairs.pair(0, 1).source.shape == (3, 32, 32)
    assert pairs.skipped == {}


def test_a_second_run_leaves_complete_clips_alone(source, tmp_path):
    out = tmp_path / "out"
    prepare(source, out, "--size", "32")
    before = states(out)
    assert "3 clips (0 new)" in prepare(source, out, "--size", "32")
    assert states(out) == before


def test_incomplete_clips_and_new_ones_are_made(source, tmp_path, write_numbered):
    out = tmp_path / "out"
    prepare(source, out, "--size", "32")
    before = states(out)
    (out / "train" / "x#1" / "000003.png").unlink()
    shutil.rmtree(out / "test" / "z#1")
    write_numbered(source / "test" / "new.mp4", 4)
    assert "4 clips (3 new)" in prepare(source, out, "--size", "32")
    after = states(out)
    assert set(after) == set(before) | {f"test/new/00000{n}.png" for n in range(4)}
    assert all(after[name] == before[name] for name in before if "y#1" in name)


def test_clips_of_another_size_or_source_are_made_again(source, tmp_path, write_numbered):
    out = tmp_path / "out"
    prepare(source, out, "--size", "32")
    assert "(3 new)" in prepare(source, out, "--size", "16")
    assert Image.open(out / "test" / "z#1" / "000000.png").size == (16, 16)
    write_numbered(source / "train" / "x#1.mp4", 6)
    assert "(1 new)" in prepare(source, out, "--size", "16")
    assert len(list((out / "train" / "x#1").iterdir())) == 6


def test_a_note_that_was_cut_off_costs_one_clip(source, tmp_path):
    out = tmp_path / "out"
    prepare(source, out, "--size", "32")
    notes = out / ".prepared.jsonl"
    notes.write_text(notes.read_text()[:-20])
    assert "(1 new)" in prepare(source, out, "--size", "32")


def test_what_was_half_made_is_removed(source, tmp_path):
    half = tmp_path / "out" / "train" / ".x#1-0123abcd.tmp"
    half.mkdir(parents=True)
    (half / "000000.png").touch()
    prepare(source, tmp_path / "out", "--size", "32")
    assert not half.exists()


def test_boxes_become_clips_of_their_own(source, tmp_path, number_in):
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(
        "file,start,end,left,top,right,bottom\n"
        "train/x#1.mp4,2,7,0,0,64,48\n"
        "x#1,,,32,24,64,48\n"
        "z#1,1,3,0,0,90,60\n"
    )
    out = tmp_path / "out"
    prepare(source, out, "--size", "64x48", "--boxes", boxes)
    counts = {
        path.relative_to(out).as_posix(): len(list(path.iterdir())) for path in out.glob("*/*")
    }
    assert counts == {"train/x#1#0": 5, "train/x#1#1": 12, "test/z#1#0": 2}
    frames = [np.asarray(Image.open(out / f"train/x#1#0/{n:06d}.png")) for n in range(5)]
    assert [number_in(frame) for frame in frames] == [2, 3, 4, 5, 6]
    (whole,) = open_clip(source / "train" / "x#1.mp4", IndexStore()).frames([3])
    corner = np.asarray(Image.open(out / "train/x#1#1/000003.png"))
    expected = Image.fromarray(whole[24:, 32:]).resize((64, 48), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(corner, np.asarray(expected))


@pytest.mark.parametrize(
    ("row", "kind", "message"),
    [
        ("w.mp4,0,5,0,0,8,8", ConfigError, r"boxes\.csv:2: expected one video .* found none"),
        ("x#1,0,13,0,0,8,8", MediaError, "expected frames within the 12 of"),
        ("x#1,12,,0,0,8,8", MediaError, "expected frames within the 12 of"),
        ("x#1,0,5,64,0,80,8", MediaError, r"x#1\.mp4 .*expected a box within 64 x 48 pixels"),
    ],
)
def test_boxes_that_fit_no_video(source, tmp_path, row, kind, message):
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(f"file,start,end,left,top,right,bottom\n{row}\n")
    with pytest.raises(kind, match=message):
        prepare(source, tmp_path / "out", "--boxes", boxes)
    assert tree(tmp_path / "out") == []


@pytest.mark.parametrize("workers", [0, 2])
def test_a_broken_video_stops_everything(source, tmp_path, broken_videos, workers):
    shutil.copy(broken_videos["cut.mp4"], source / "train")
    with pytest.raises(MediaError, match=r"cut\.mp4: .*; --keep-going goes on without it"):
        prepare(source, tmp_path / "out", "--size", "32", workers=workers)
    assert not list((tmp_path / "out").rglob("*.tmp"))


def test_broken_videos_can_be_passed_over(source, tmp_path, broken_videos, caplog):
    for name, path in broken_videos.items():
        (shutil.copytree if path.is_dir() else shutil.copy)(path, source / "train" / f"_{name}")
    out = tmp_path / "out"
    (source / "train" / "_cut.gif").rename(source / "train" / "_other.gif")
    output = prepare(source, out, "--size", "32", "--keep-going")
    assert output.strip().endswith("3 clips (3 new), 5 broken")
    warnings = [record.getMessage() for record in caplog.records]
    for name in ("_cut.mp4", "_other.gif", "_empty.mp4", "_text.mp4", "_no pictures"):
        assert sum(name in text for text in warnings) == 1
    assert sorted(path.name for path in (out / "train").iterdir()) == ["x#1", "y#1"]


def test_nothing_but_broken_videos(tmp_path, broken_videos):
    folder = broken_videos["cut.mp4"].parent
    broken_videos["cut.gif"].unlink()
    with pytest.raises(MediaError, match="found 4 broken"):
        prepare(folder, tmp_path / "out", "--keep-going")


def test_names_that_would_be_equal(source, tmp_path):
    shutil.copy(source / "train" / "x#1.mp4", source / "train" / "x#1.mov")
    with pytest.raises(MediaError, match="expected names that differ by more"):
        prepare(source, tmp_path / "out")


def test_results_of_another_kind_are_not_touched(source, tmp_path):
    out = tmp_path / "out"
    (out / "train" / "x#1").mkdir(parents=True)
    (out / "train" / "x#1" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"found 'thesis\.txt'"):
        prepare(source, out, "--size", "32", "--keep-going")
    assert (out / "train" / "x#1" / "thesis.txt").read_text() == "precious"
    with pytest.raises(OutputError, match="clips of another form"):
        prepare(source, out, "--size", "32", "--format", "mp4")


def test_the_result_lies_outside_of_the_videos(source):
    for out in (source, source / "out"):
        with pytest.raises(OutputError, match="expected a folder outside"):
            prepare(source, out)


def test_no_videos(tmp_path):
    with pytest.raises(MediaError, match=r"absent: expected a folder of videos"):
        prepare(tmp_path / "absent", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_one_run_writes_to_a_folder(source, tmp_path):
    from filelock import FileLock

    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / ".prepared.lock"), pytest.raises(OutputError, match="another run"):
        prepare(source, out)


@pytest.mark.parametrize("size", ["0", "256x", "x256", "large", "-1", "99999"])
def test_sizes_that_are_none(source, tmp_path, size):
    result = CliRunner().invoke(command, [str(source), str(tmp_path / "out"), f"--size={size}"])
    assert result.exit_code == 2
    assert "expected 256 or 256x192" in result.output


def test_every_error_is_one_line(source, tmp_path, broken_videos):
    shutil.copy(broken_videos["text.mp4"], source / "train")
    with pytest.raises(FommError) as caught:
        prepare(source, tmp_path / "out", "--size", "32")
    assert "\n" not in str(caught.value)


@pytest.fixture
def program(tmp_path):
    """The program with this command, whether the package is installed or not."""
    info = tmp_path / "site" / "fomm_train_tests-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tests-of-fomm-train\nVersion: 0\n")
    (info / "entry_points.txt").write_text(
        "[fomm.commands]\nprepare = fomm_train.cli.prepare:command\n"
    )
    paths = [str(info.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

    def start(*arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "fomm_core.cli.main", "prepare", *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


def test_the_program(program, source, tmp_path, broken_videos):
    shutil.copy(broken_videos["cut.mp4"], source / "train")
    process = program(source, tmp_path / "out", "--size", "32", "--workers", "2")
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert output == ""
    assert errors.startswith("fomm: error: ")
    assert errors.count("\n") == 1
    process = program(source, tmp_path / "out", "--size", "32", "--workers", "2", "--keep-going")
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "3 clips" in output
    assert errors.startswith("fomm: warning: ")
    assert len(tree(tmp_path / "out")) == 25


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_goes_on(program, tmp_path, write_numbered, asked):
    source, out = tmp_path / "videos", tmp_path / "out"
    for number in range(4):
        write_numbered(source / f"{number}.mp4", 100)
    process = program(source, out, "--size", "512", "--workers", "2")
    while not list(out.glob(".*.tmp/*")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, asked)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert errors.strip() == "fomm: interrupted"
    assert list(out.glob(".*.tmp")) == []
    assert all(len(list(clip.iterdir())) == 100 for clip in out.glob("[0-9]"))
    assert "4 clips" in prepare(source, out, "--size", "16", workers=2)
    assert len(tree(out)) == 400
