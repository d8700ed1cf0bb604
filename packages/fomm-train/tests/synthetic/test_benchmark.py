from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fomm_core.benchmark_format import (
    BenchmarkCase,
    BenchmarkSettings,
    open_benchmark,
    write_benchmark,
)
from fomm_core.errors import OutputError
from fomm_core.image import read_image, to_network
from fomm_train.cli.avatars import command
from fomm_train.synthetic.benchmark import cross_identity_benchmark
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.ground_truth import KEYPOINT_NAMES, keypoint_arrays
from fomm_train.synthetic.drawn.pose import NEUTRAL
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.drawn.world import DrawnWorld
from fomm_train.synthetic.draws import Split

SIZE, COUNT = 48, 6


@pytest.fixture(scope="module")
def cases() -> list[BenchmarkCase]:
    return list(cross_identity_benchmark(DrawnWorld(SIZE, keep=2), COUNT, 0))


def test_cases_have_the_form_promised(cases):
    assert len({case.name for case in cases}) == COUNT
    for case in cases:
        frames = len(case.driving)
        assert case.source.shape == (3, SIZE, SIZE)
        assert case.driving.shape == case.target.shape == (frames, 3, SIZE, SIZE)
        assert len(case.kp_driving) == frames
        for expression in case.expressions:
            count = len(expression.frames)
            assert expression.driving_without.shape == (count, 3, SIZE, SIZE)
            assert expression.target_without.shape == (count, 3, SIZE, SIZE)
            assert expression.regions.shape == (count, 1, SIZE, SIZE)


def test_both_expressions_occur(cases):
    assert sum(len(case.expression("blink").frames) for case in cases) > 5
    assert sum(len(case.expression("mouth").frames) for case in cases) > 5


def test_equal_seeds_give_equal_cases_whatever_their_number(cases):
    again = list(cross_identity_benchmark(DrawnWorld(SIZE, keep=2), 2, 0))
    for first, second in zip(cases, again, strict=False):
        np.testing.assert_array_equal(first.target, second.target)
        blinks = [case.expression("blink").target_without for case in (first, second)]
        np.testing.assert_array_equal(*blinks)
    other = next(cross_identity_benchmark(DrawnWorld(SIZE, keep=2), 1, 1))
    assert np.abs(other.source - cases[0].source).mean() > 0.02


def test_the_source_has_the_pose_of_the_first_frame(cases):
    for case in cases:
        np.testing.assert_array_equal(case.source, case.target[0])
        np.testing.assert_array_equal(case.kp_source.value, case.kp_driving[0].value)


def test_the_true_answer_shows_the_source_and_not_the_driving_avatar(cases):
    case = cases[0]
    first = draw_identity(0, Split.BENCHMARK, 0)
    # The background never moves, so that the corners tell who it is.
    corner = Renderer(SIZE).render(first, NEUTRAL)[0, 0] / 255
    np.testing.assert_allclose(case.target[:, :, 0, 0], np.tile(corner, (len(case.target), 1)))
    assert np.abs(case.driving - case.target).mean() > 0.05


def test_exchanged_avatars_exchange_frames(cases):
    swapped = next(cross_identity_benchmark(DrawnWorld(SIZE, keep=2), 1, 0, swapped=True))
    np.testing.assert_array_equal(swapped.driving, cases[0].target)
    np.testing.assert_array_equal(swapped.target, cases[0].driving)


def test_taking_the_expression_away_changes_the_eyes_or_the_mouth_and_little_else(cases):
    for case in cases:
        # With the mouth the chin moves too, which is no expression by itself.
        for name, share in (("blink", 0.7), ("mouth", 0.4)):
            expression = case.expression(name)
            change = np.abs(case.target[expression.frames] - expression.target_without)
            if change.size:
                assert (change * expression.regions).sum() > share * change.sum()


def test_keypoints_of_driving_frames_are_those_of_the_true_answers(cases):
    value, jacobian = keypoint_arrays(NEUTRAL)
    keypoints = cases[0].kp_driving[5]
    assert keypoints.value.shape == value.shape
    assert keypoints.jacobian.shape == jacobian.shape


def write(out: Path, count: int, on_progress=lambda done: None) -> None:
    cases = cross_identity_benchmark(DrawnWorld(SIZE, keep=2), count, 0)
    write_benchmark(out, BenchmarkSettings(SIZE, count, 0), cases, on_progress)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("files") / "deep" / "benchmark"
    counted: list[int] = []
    write(out, 3, counted.append)
    assert counted == [1, 2, 3]
    return out


class TestFiles:
    def test_they_hold_the_frames_without_loss(self, folder, cases):
        for case in cases[:3]:
            place = folder / case.name
            np.testing.assert_array_equal(read(place / "source.png"), case.source)
            for name, frames in (("driving", case.driving), ("target", case.target)):
                files = sorted((place / name).iterdir())
                assert len(files) == len(frames)
                np.testing.assert_array_equal(np.stack([read(f) for f in files]), frames)

    def test_expressions_keep_the_numbers_of_their_frames(self, folder, cases):
        for case in cases[:3]:
            assert [expression.name for expression in case.expressions] == ["blink", "mouth"]
            for expression in case.expressions:
                place = folder / case.name / expression.name
                for part in ("driving", "target", "region"):
                    numbers = [int(file.stem) for file in sorted((place / part).iterdir())]
                    assert numbers == list(expression.frames)
                for number, frame in zip(expression.frames, expression.target_without, strict=True):
                    file = place / "target" / f"{number:06d}.png"
                    np.testing.assert_array_equal(read(file), frame)

    def test_they_hold_the_true_keypoints(self, folder, cases):
        with np.load(folder / "0001" / "truth.npz", allow_pickle=False) as truth:
            expected = np.stack([keypoints.value for keypoints in cases[1].kp_driving])
            np.testing.assert_array_equal(truth["value"], expected)
        read_again = open_benchmark(folder).cases[1].read_ground_truth()
        assert read_again.names == KEYPOINT_NAMES
        expected = np.stack([keypoints.jacobian for keypoints in cases[1].kp_driving])
        np.testing.assert_array_equal(read_again.jacobian, expected)

    def test_they_say_what_they_were_drawn_from(self, folder):
        settings = json.loads((folder / "benchmark.json").read_text())
        assert settings == {
            "format": 1,
            "size": SIZE,
            "count": 3,
            "seed": 0,
            "swapped": False,
        }

    def test_what_is_there_stays(self, folder):
        with pytest.raises(OutputError, match="expected a new folder"):
            write(folder, 1)

    def test_an_interruption_leaves_nothing(self, tmp_path):
        def stop(done: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "out", 2, stop)
        assert not list(tmp_path.iterdir())

    def test_the_command_writes_them(self, tmp_path):
        words = ["--out", str(tmp_path / "b"), "--benchmark", "1", "--size", "32"]
        result = CliRunner().invoke(command, words)
        assert result.exit_code == 0, result.output
        assert "1 cases of 32x32" in result.output
        assert (tmp_path / "b" / "0000" / "target" / "000000.png").is_file()

    def test_the_command_swaps_the_avatars(self, tmp_path, cases):
        words = ["--out", str(tmp_path / "b"), "--benchmark", "1", "--size", str(SIZE), "--swapped"]
        result = CliRunner().invoke(command, words)
        assert result.exit_code == 0, result.output
        first = read(tmp_path / "b" / "0000" / "target" / "000000.png")
        np.testing.assert_array_equal(first, cases[0].driving[0])

    def test_only_a_benchmark_can_be_swapped(self, tmp_path):
        result = CliRunner().invoke(command, ["--out", str(tmp_path / "b"), "--swapped"])
        assert result.exit_code == 2
        assert "--swapped: expected with --benchmark" in result.output
        assert not (tmp_path / "b").exists()


def read(path: Path) -> np.ndarray:
    return to_network(read_image(path))
