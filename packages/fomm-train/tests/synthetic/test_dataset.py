from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fomm_core.dataset import clip_name, find_videos, identity_of
from fomm_core.errors import OutputError
from fomm_core.video import VideoReader, probe
from fomm_train.cli.avatars import command
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.ground_truth import KEYPOINT_NAMES, keypoint_arrays
from fomm_train.synthetic.drawn.motion import Motion, draw_motion
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split

SMALL = ("--identities", "5", "--motions", "2", "--frames", "6", "--size", "32", "--group", "2")


def write(out: Path, *options: str):
    return CliRunner().invoke(command, ["--out", str(out), *SMALL, *options])


def files(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in paths if not path.name.startswith("."))


def truth_of(out: Path, name: str):
    return np.load(out / "truth" / "train" / f"{name}.npz", allow_pickle=False)


def test_the_layout_is_that_of_the_reference(tmp_path: Path):
    result = write(tmp_path, "--test-share", "0.2")
    assert result.exit_code == 0, result.output
    assert "10 clips (10 new) of 5 avatars, 6 frames each" in result.output
    names = [f"0000{i}#00{m}" for i in range(4) for m in range(2)]
    tests = [f"00000#00{m}" for m in range(2)]
    expected = [f"train/{name}.mp4" for name in names] + [f"test/{name}.mp4" for name in tests]
    expected += [f"truth/train/{name}.npz" for name in names]
    expected += [f"truth/test/{name}.npz" for name in tests]
    assert files(tmp_path) == sorted([*expected, "avatars.json"])
    assert len(find_videos(tmp_path, "train")) == 8
    assert {identity_of(video) for video in find_videos(tmp_path, "test")} == {"00000"}


def test_nobody_for_testing_is_told(tmp_path: Path):
    result = write(tmp_path)
    expected = "nobody in test/: --test-share 0.1 of 5 avatars rounds to none"
    assert expected in result.output
    assert "nobody in" not in write(tmp_path / "none", "--test-share", "0").output


def test_videos_show_the_avatars(tmp_path: Path):
    write(tmp_path, "--test-share", "0")
    video = tmp_path / "train" / "00003#001.mp4"
    info = probe(video)
    assert (info.width, info.height, info.frame_rate) == (32, 32, 25)
    frames = list(VideoReader(video))
    assert len(frames) == 6
    # The second group of two: its motions follow those of the first.
    motion = draw_motion(0, Split.TRAIN, 1 * 2 + 1, 6)
    true = Renderer(32).render(draw_identity(0, Split.TRAIN, 3), motion[4])
    assert np.abs(frames[4].astype(float) - true).mean() < 8
    assert not (tmp_path / "test").exists()


def test_frames_are_lossless_as_png(tmp_path: Path):
    result = write(tmp_path, "--format", "png", "--seed", "3", "--test-share", "0.4")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "test" / "00001#000"
    assert [path.name for path in sorted(folder.iterdir())][:2] == ["000000.png", "000001.png"]
    frames = list(VideoReader(folder))
    motion = draw_motion(3, Split.TEST, 0, 6)
    for frame, picture in enumerate(frames):
        true = Renderer(32).render(draw_identity(3, Split.TEST, 1), motion[frame])
        np.testing.assert_array_equal(picture, true)


@pytest.mark.parametrize("form", ["mp4", "png"])
def test_the_truth_lies_beside(tmp_path: Path, form: str):
    write(tmp_path, "--format", form, "--test-share", "0.2")
    truth = truth_of(tmp_path, clip_name(find_videos(tmp_path, "train")[0]))
    assert truth["value"].shape == (6, 10, 2)
    assert truth["jacobian"].shape == (6, 10, 2, 2)
    assert list(truth["keypoint_names"]) == list(KEYPOINT_NAMES)
    pose = Motion(truth["poses"])[5]
    value, jacobian = keypoint_arrays(pose)
    np.testing.assert_array_equal(truth["value"][5], value)
    np.testing.assert_array_equal(truth["jacobian"][5], jacobian)


def test_avatars_of_a_group_share_their_motions(tmp_path: Path):
    write(tmp_path, "--test-share", "0")
    poses = {
        name: truth_of(tmp_path, name)["poses"]
        for name in ("00000#001", "00001#001", "00000#000", "00002#001")
    }
    np.testing.assert_array_equal(poses["00000#001"], poses["00001#001"])
    assert np.abs(poses["00000#001"] - poses["00000#000"]).max() > 0.01
    assert np.abs(poses["00000#001"] - poses["00002#001"]).max() > 0.01


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path):
    write(tmp_path)
    kept, lost = (tmp_path / "train" / f"0000{i}#000.mp4" for i in range(2))
    content = lost.read_bytes()
    lost.unlink()
    (tmp_path / "truth" / "train" / "00001#001.npz").unlink()
    before = kept.stat().st_mtime_ns
    result = write(tmp_path)
    assert "(2 new)" in result.output
    assert kept.stat().st_mtime_ns == before
    assert lost.read_bytes() == content
    assert "(0 new)" in write(tmp_path).output


def test_other_settings_need_another_folder(tmp_path: Path):
    write(tmp_path)
    result = write(tmp_path, "--seed", "1")
    assert isinstance(result.exception, OutputError)
    assert "expected a data set with seed 1, found one with 0" in str(result.exception)


def test_a_damaged_list_of_settings_is_an_error(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "avatars.json").write_text("not json")
    assert isinstance(write(tmp_path).exception, OutputError)


def test_a_file_in_the_way_is_an_error(tmp_path: Path):
    (tmp_path / "train").write_text("")
    result = write(tmp_path)
    assert isinstance(result.exception, OutputError)
    assert "cannot be written" in str(result.exception)


def test_help_shows_examples():
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert "fomm avatars --out data/avatars --identities 200" in result.output


def test_numbers_that_cannot_be_are_refused(tmp_path: Path):
    assert write(tmp_path, "--test-share", "1").exit_code == 2
    assert write(tmp_path, "--size", "8").exit_code == 2
