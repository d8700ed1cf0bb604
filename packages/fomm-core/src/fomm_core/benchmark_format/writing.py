"""Writing a benchmark with true answers; the folder appears when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from fomm_core.benchmark_format.records import (
    DRIVING,
    LABELS,
    REGION,
    SOURCE,
    TARGET,
    BenchmarkCase,
    BenchmarkSettings,
    Expression,
)
from fomm_core.benchmark_format.settings import write_settings
from fomm_core.errors import OutputError
from fomm_core.image import ByteArray, save_png, to_uint8
from fomm_core.motion.ground_truth import TrueKeypoints, write_true_keypoints
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import staged_folder


def write_benchmark(
    out: Path,
    settings: BenchmarkSettings,
    cases: Iterable[BenchmarkCase],
    on_progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write a benchmark.

    Args:
        out: a folder that does not exist yet.
        settings: what the cases are made from.
        cases: as many as the settings say, of their size.
        on_progress: called with the number of cases written.

    Raises:
        OutputError: something is at ``out``, or it cannot be written.
    """
    drivers = dict(settings.driven_by)
    if out.exists():
        raise OutputError(f"{out}: expected a new folder, found something there")
    try:
        with staged_folder(out) as staged:
            for done, case in enumerate(cases, start=1):
                _write_case(staged / case.name, case, shared=case.name in drivers)
                on_progress(done)
            write_settings(staged, settings)
            staged.replace(out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error


def _write_case(folder: Path, case: BenchmarkCase, *, shared: bool) -> None:
    every = range(len(case.driving))
    if not shared:
        _write_frames(folder / DRIVING, every, case.driving)
    _write_frames(folder / TARGET, every, case.target)
    save_png(folder / f"{SOURCE}.png", to_uint8(case.source))
    for expression in case.expressions:
        _write_expression(folder / expression.name, expression)
    if case.labels is not None:
        grey = np.repeat(case.labels[..., None], 3, axis=-1)
        _write_images(folder / LABELS, every, grey)
    keypoints = TrueKeypoints.of(case.kp_driving, case.keypoint_names)
    write_true_keypoints(folder / "truth.npz", keypoints)


def _write_expression(folder: Path, expression: Expression) -> None:
    numbers = [int(number) for number in expression.frames]
    _write_frames(folder / DRIVING, numbers, expression.driving_without)
    _write_frames(folder / TARGET, numbers, expression.target_without)
    _write_frames(folder / REGION, numbers, np.repeat(expression.regions, 3, axis=1))


def _write_frames(folder: Path, numbers: Iterable[int], frames: FloatArray) -> None:
    """Write frames (N, 3, H, W) in [0, 1] under their numbers."""
    _write_images(folder, numbers, (to_uint8(frame) for frame in frames))


def _write_images(folder: Path, numbers: Iterable[int], images: Iterable[ByteArray]) -> None:
    """Write images (H, W, 3) under their numbers."""
    folder.mkdir(parents=True)
    for number, image in zip(numbers, images, strict=True):
        save_png(folder / f"{number:06d}.png", image)
