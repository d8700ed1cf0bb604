from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from fomm_core.benchmark_format import open_benchmark, read_frame
from fomm_core.errors import MediaError


def test_the_cases_are_found(benchmark_folder):
    benchmark = open_benchmark(benchmark_folder)
    assert [case.name for case in benchmark.cases] == ["0000", "0001"]
    case = benchmark.cases[0]
    assert len(case.driving) == len(case.target) == 6
    assert [each.index for each in case.expression("blink")] == [2, 3]
    assert [each.index for each in case.expression("mouth")] == [4]
    assert case.read_ground_truth().value.shape == (6, 10, 2)
    mask = case.expression("blink")[0].read_region()
    assert mask.shape == (64, 64, 1)
    assert (mask.min(), mask.max()) == (0, 1)


def test_expressions_may_be_missing(benchmark_folder):
    shutil.rmtree(benchmark_folder / "0000" / "blink")
    shutil.rmtree(benchmark_folder / "0000" / "mouth" / "driving")
    (benchmark_folder / "0000" / "mouth" / "driving").mkdir()
    case = open_benchmark(benchmark_folder).cases[0]
    assert (case.expression("blink"), case.expression("mouth")) == ((), ())


def change_settings(folder, **changes):
    path = folder / "benchmark.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_answers_of_one_case_may_drive_another(benchmark_folder):
    shutil.rmtree(benchmark_folder / "0000" / "driving")
    change_settings(benchmark_folder, driven_by={"0000": "0001"})
    first, second = open_benchmark(benchmark_folder).cases
    assert first.driving == second.target != second.driving
    shutil.rmtree(benchmark_folder / "0001")
    change_settings(benchmark_folder, count=1)
    with pytest.raises(MediaError, match=r"0001.*cannot be read"):
        open_benchmark(benchmark_folder)


def test_frames_may_be_of_any_kind(benchmark_folder):
    case = benchmark_folder / "0000"
    for path in (case / "source.png", *(case / "target").iterdir()):
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    found = open_benchmark(benchmark_folder).cases[0]
    assert [path.suffix for path in (found.source, *found.target)] == [".jpg"] * 7
    assert read_frame(found.source, 64).shape == (64, 64, 3)


def test_a_source_that_is_missing_is_told_when_it_is_read(benchmark_folder):
    (benchmark_folder / "0000" / "source.png").unlink()
    source = open_benchmark(benchmark_folder).cases[0].source
    with pytest.raises(MediaError, match=r"source\.png: expected a picture, found nothing there"):
        read_frame(source, 64)


def test_frames_that_do_not_count_are_known(benchmark_folder):
    assert open_benchmark(benchmark_folder).settings.first_scored == 0
    change_settings(benchmark_folder, first_scored=1)
    assert open_benchmark(benchmark_folder).settings.first_scored == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"driven_by": ["0001"]}, "driven_by: expected names of cases"),
        ({"driven_by": {"0000": 1}}, "driven_by: expected names of cases"),
        ({"driven_by": {"0000": "../elsewhere"}}, "driven_by: expected names of cases"),
        ({"first_scored": -1}, "first_scored: expected a number"),
        ({"first_scored": True}, "first_scored: expected a number"),
        ({"labels": "skin"}, "labels: expected a list"),
    ],
)
def test_bad_settings_are_told(benchmark_folder, changes, reason):
    change_settings(benchmark_folder, **changes)
    with pytest.raises(MediaError, match=reason):
        open_benchmark(benchmark_folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: (f / "benchmark.json").unlink(), "settings of a benchmark with true answers"),
        (lambda f: (f / "benchmark.json").write_text("[]"), "expected whole numbers"),
        (lambda f: shutil.rmtree(f / "0001"), "expected 2 cases, found 1"),
        (lambda f: (f / "0000" / "target" / "000005.png").unlink(), "found 6 and 5"),
        (lambda f: (f / "0000" / "blink" / "region" / "000002.png").unlink(), "region.*found none"),
        (
            lambda f: (f / "0000" / "blink" / "driving" / "000002.png").rename(
                f / "0000" / "blink" / "driving" / "000099.png"
            ),
            "expected the number of one of 6 frames",
        ),
        (lambda f: shutil.rmtree(f / "0000" / "driving"), "driving: cannot be read"),
    ],
)
def test_an_incomplete_benchmark_is_told(benchmark_folder, change, reason):
    change(benchmark_folder)
    with pytest.raises(MediaError, match=reason):
        open_benchmark(benchmark_folder)


def test_another_format_is_told(benchmark_folder):
    settings = {"format": 2, "size": 64, "count": 2, "seed": 5}
    (benchmark_folder / "benchmark.json").write_text(json.dumps(settings))
    with pytest.raises(MediaError, match=r"expected format 1 .* found format 2"):
        open_benchmark(benchmark_folder)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [({}, "true keypoints"), ({"value": np.zeros((5, 10, 2))}, r"expected \(6, K, 2\)")],
)
def test_bad_truth_is_told(benchmark_folder, arrays, reason):
    case = open_benchmark(benchmark_folder).cases[0]
    np.savez(case.ground_truth, **arrays)
    with pytest.raises(MediaError, match=reason):
        case.read_ground_truth()


def test_a_picture_of_another_size_is_told(tmp_path):
    Image.new("RGB", (32, 64)).save(tmp_path / "a.png")
    with pytest.raises(MediaError, match="expected 64x64 pixels, found 32x64"):
        read_frame(tmp_path / "a.png", 64)
