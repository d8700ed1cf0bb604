from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.benchmark_format import (
    BenchmarkCase,
    BenchmarkSettings,
    Expression,
    open_benchmark,
    read_frame,
    read_labels,
    write_benchmark,
)
from fomm_core.image import to_network, to_uint8
from fomm_core.motion.keypoints import Keypoints

LABELS = ("background", "skin", "hair")


def images(rng, count, size, channels=3):
    """Frames that 8 bits hold exactly, (N, C, H, W) in [0, 1]."""
    levels = rng.integers(0, 256, (count, channels, size, size))
    return (levels / 255).astype(np.float32)


def draw_case(seed, name, size, frames, keypoints, expressions, *, labels):
    rng = np.random.default_rng(seed)
    found = []
    for expression in expressions:
        numbers = np.flatnonzero(rng.random(frames) < 0.5)
        without = [images(rng, len(numbers), size) for _ in range(2)]
        regions = images(rng, len(numbers), size, channels=1)
        found.append(Expression(expression, numbers, *without, regions))
    return BenchmarkCase(
        name=name,
        source=images(rng, 1, size)[0],
        driving=images(rng, frames, size),
        target=images(rng, frames, size),
        kp_driving=tuple(
            Keypoints(rng.uniform(-1, 1, (keypoints, 2)), rng.normal(size=(keypoints, 2, 2)))
            for _ in range(frames)
        ),
        keypoint_names=tuple(f"point {number}" for number in range(keypoints)),
        expressions=tuple(found),
        labels=rng.integers(0, 3, (frames, size, size), np.uint8) if labels else None,
    )


def read(path, size):
    return to_network(read_frame(path, size))


@given(
    seed=st.integers(0, 99),
    size=st.sampled_from([2, 5, 16]),
    frames=st.integers(1, 12),
    keypoints=st.sampled_from([1, 10, 20]),
    expressions=st.sets(st.sampled_from(["blink", "mouth", "smile"])).map(sorted),
    labels=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_read_again(seed, size, frames, keypoints, expressions, labels):
    """Names of expressions, keypoints and labels come with the files."""
    cases = [
        draw_case(
            seed + number, f"{number:04d}", size, frames, keypoints, expressions, labels=labels
        )
        for number in range(2)
    ]
    written = BenchmarkSettings(size, 2, seed, bool(seed % 2), LABELS if labels else ())
    with TemporaryDirectory() as folder:
        counted = []
        write_benchmark(Path(folder) / "b", written, cases, counted.append)
        assert counted == [1, 2]
        benchmark = open_benchmark(Path(folder) / "b")
        assert benchmark.settings == written
        assert benchmark.expression_names == tuple(expressions)
        for case, files in zip(cases, benchmark.cases, strict=True):
            check_case(case, files, size)


def test_driving_frames_that_another_case_answers_are_written_once(tmp_path):
    first, second = (draw_case(n, f"000{n}", 8, 3, 5, [], labels=True) for n in range(2))
    first = replace(first, driving=second.target)
    written = BenchmarkSettings(
        8, 2, 0, label_names=LABELS, driven_by=(("0000", "0001"),), first_scored=1
    )
    write_benchmark(tmp_path / "b", written, [first, second])
    assert not (tmp_path / "b" / "0000" / "driving").exists()
    benchmark = open_benchmark(tmp_path / "b")
    assert benchmark.settings == written
    for case, files in zip((first, second), benchmark.cases, strict=True):
        check_case(case, files, 8)


def check_case(case, files, size):
    assert files.name == case.name
    np.testing.assert_array_equal(read(files.source, size), case.source)
    for paths, expected in ((files.driving, case.driving), (files.target, case.target)):
        found = [read(path, size) for path in paths]
        np.testing.assert_array_equal(found, expected)
    truth = files.read_ground_truth()
    assert truth.names == case.keypoint_names
    np.testing.assert_array_equal(truth.value, [k.value for k in case.kp_driving])
    np.testing.assert_array_equal(truth.jacobian, [k.jacobian for k in case.kp_driving])
    for expression in case.expressions:
        found = files.expression(expression.name)
        assert [each.index for each in found] == expression.frames.tolist()
        for number, each in enumerate(found):
            np.testing.assert_array_equal(
                read(each.target, size), expression.target_without[number]
            )
            np.testing.assert_array_equal(
                read(each.driving, size), expression.driving_without[number]
            )
            region = each.read_region()[:, :, 0]
            np.testing.assert_allclose(region, expression.regions[number, 0], atol=1e-6)
    found = [read_labels(path, size) for path in files.labels]
    np.testing.assert_array_equal(found, [] if case.labels is None else case.labels)


def test_the_source_has_the_keypoints_of_the_first_frame():
    case = draw_case(0, "a", 4, 3, 10, ["blink"], labels=False)
    assert case.kp_source is case.kp_driving[0]
    assert case.expression("blink") is case.expressions[0]


@pytest.mark.parametrize("name", ["driving", "labels", "../blink", ""])
def test_an_expression_needs_a_word_of_its_own(name):
    case = draw_case(0, "a", 4, 3, 10, ["blink"], labels=False)
    with pytest.raises(ValueError, match="expected a word of its own"):
        replace(case.expressions[0], name=name)


def test_frames_keep_their_levels():
    frame = images(np.random.default_rng(0), 1, 8)[0]
    np.testing.assert_array_equal(to_network(to_uint8(frame)), frame)
