"""Reading a benchmark with true answers, whose pictures stay on disk until they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fomm_core.benchmark_format.records import (
    DRIVING,
    LABELS,
    REGION,
    SOURCE,
    TARGET,
    BenchmarkSettings,
)
from fomm_core.benchmark_format.settings import read_settings
from fomm_core.errors import MediaError
from fomm_core.image import ByteArray, read_image
from fomm_core.motion.ground_truth import TrueKeypoints, read_true_keypoints
from fomm_core.motion.keypoints import FloatArray
from fomm_core.video.pictures import is_picture, list_pictures, natural_key


@dataclass(frozen=True)
class ExpressionFiles:
    """One frame that has an expression, and the same without it.

    Attributes:
        index: number of the frame.
        driving, target: without the expression.
        region: where it is to be seen.
    """

    index: int
    driving: Path
    target: Path
    region: Path

    def read_region(self) -> FloatArray:
        """Read where the expression is to be seen, (H, W, 1) float32 in [0, 1].

        Raises:
            MediaError: the picture cannot be read.
        """
        return read_image(self.region)[:, :, :1].astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class CaseFiles:
    """The files of a case.

    Attributes:
        name: of the case.
        source: the picture to animate.
        driving, target: T files each.
        labels: T files, or none.
        ground_truth: the file of true keypoints.
        expressions: names of expressions and the frames that have them.
    """

    name: str
    source: Path
    driving: tuple[Path, ...]
    target: tuple[Path, ...]
    labels: tuple[Path, ...]
    ground_truth: Path
    expressions: tuple[tuple[str, tuple[ExpressionFiles, ...]], ...]

    def expression(self, name: str) -> tuple[ExpressionFiles, ...]:
        """Find the frames that have an expression; none where the case does not know it."""
        return dict(self.expressions).get(name, ())

    def read_ground_truth(self) -> TrueKeypoints:
        """Read the true keypoints of all frames.

        Raises:
            MediaError: the file cannot be read or has another form.
        """
        found = read_true_keypoints(self.ground_truth)
        if len(found) != len(self.driving):
            raise MediaError(
                f"{self.ground_truth}: value: expected ({len(self.driving)}, K, 2), found "
                f"{found.value.shape}"
            )
        return found


@dataclass(frozen=True)
class Benchmark:
    """A benchmark on disk.

    Attributes:
        folder: where it is.
        settings: what it was made from.
        cases: at least one.
    """

    folder: Path
    settings: BenchmarkSettings
    cases: tuple[CaseFiles, ...]

    @property
    def expression_names(self) -> tuple[str, ...]:
        """Names of the expressions of all cases, in alphabetical order."""
        return tuple(sorted({name for case in self.cases for name, _ in case.expressions}))


def open_benchmark(folder: Path) -> Benchmark:
    """Find the cases of a benchmark.

    Raises:
        MediaError: it is no benchmark, or a case of it is incomplete.
    """
    settings = read_settings(folder)
    names = sorted((entry.name for entry in _folders_in(folder)), key=natural_key)
    cases = tuple(_open_case(folder / name, settings) for name in names)
    if len(cases) != settings.count:
        raise MediaError(
            f"{folder}: expected {settings.count} cases, found {len(cases)}; write it again"
        )
    return Benchmark(folder, settings, cases)


def read_frame(path: Path, size: int) -> ByteArray:
    """Read a picture of a benchmark.

    Returns:
        (size, size, 3) uint8, RGB.

    Raises:
        MediaError: it cannot be read or has another size.
    """
    frame = read_image(path)
    if frame.shape[:2] != (size, size):
        height, width = frame.shape[:2]
        raise MediaError(f"{path}: expected {size}x{size} pixels, found {width}x{height}")
    return frame


def read_labels(path: Path, size: int) -> ByteArray:
    """Read a label map of a benchmark.

    Returns:
        (size, size) uint8, numbers of ``label_names`` of the benchmark's settings.

    Raises:
        MediaError: it cannot be read or has another size.
    """
    return read_frame(path, size)[:, :, 0]


def _folders_in(folder: Path) -> list[Path]:
    return [e for e in folder.iterdir() if e.is_dir() and not e.name.startswith(".")]


def _open_case(folder: Path, settings: BenchmarkSettings) -> CaseFiles:
    driving = list_pictures(_driving_folder(folder, settings))
    target = list_pictures(folder / TARGET)
    _check_same_frames(folder, driving, TARGET, target)
    labels = list_pictures(folder / LABELS) if settings.label_names else []
    if labels:
        _check_same_frames(folder, driving, LABELS, labels)
    return CaseFiles(
        folder.name,
        _source(folder),
        tuple(driving),
        tuple(target),
        tuple(labels),
        folder / "truth.npz",
        tuple(_expressions(folder, len(driving))),
    )


def _driving_folder(case: Path, settings: BenchmarkSettings) -> Path:
    """The case's own driving frames, or the true answers of the case that drives it."""
    driver = dict(settings.driven_by).get(case.name)
    return case / DRIVING if driver is None else case.parent / driver / TARGET


def _source(case: Path) -> Path:
    """The picture named source, of whatever kind; where there is none, the name it should have."""
    found = sorted(path for path in case.glob(f"{SOURCE}.*") if is_picture(path))
    return found[0] if found else case / f"{SOURCE}.png"


def _check_same_frames(folder: Path, driving: list[Path], name: str, others: list[Path]) -> None:
    if [path.stem for path in driving] != [path.stem for path in others]:
        raise MediaError(
            f"{folder}: expected the same frames in driving and {name}, found {len(driving)} and "
            f"{len(others)}"
        )


def _expressions(folder: Path, frames: int) -> Iterator[tuple[str, tuple[ExpressionFiles, ...]]]:
    """Take every other folder of a case for an expression."""
    for entry in sorted(_folders_in(folder)):
        if entry.name not in (DRIVING, TARGET, LABELS):
            yield entry.name, tuple(_expression(entry, frames))


def _expression(folder: Path, frames: int) -> Iterator[ExpressionFiles]:
    driving = folder / DRIVING
    if not driving.is_dir() or not any(driving.iterdir()):
        return
    for path in list_pictures(driving):
        if not path.stem.isdecimal() or int(path.stem) >= frames:
            raise MediaError(f"{path}: expected the number of one of {frames} frames for a name")
        others = [folder / kind / path.name for kind in (TARGET, REGION)]
        for other in others:
            if not other.is_file():
                raise MediaError(f"{other}: expected a picture to go with {path}, found none")
        yield ExpressionFiles(int(path.stem), path, *others)
