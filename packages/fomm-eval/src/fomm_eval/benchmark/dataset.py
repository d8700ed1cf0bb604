"""The benchmark as a folder of files, which is read here and written by fomm-train.

::

    benchmark.json              {"format": 1, "size": 128, "count": 16, "seed": 0}
    0000/                       one folder for each case, in order of names
        source.png              the picture to animate
        driving/000000.png ...  another avatar, T frames
        target/000000.png ...   the true answers, T frames
        blink/                  the frames in which the driving avatar closes its eyes
            driving/000007.png  driving frame 7 without it, everything else equal
            target/000007.png   the true answer to that
            region/000007.png   grey: where the eyes are in the true answer
        mouth/                  the same for the frames in which it opens its mouth
        truth.npz               value (T, K, 2) float32: the true keypoints of the driving
                                frames and of the true answers alike, x first, in [-1, 1]

The source has the pose of the first driving frame, without expression, so that relative and
absolute motion have the same true answer. ``blink`` and ``mouth`` may be missing or empty. All
pictures are lossless PNGs of ``size`` x ``size`` pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fomm_core.errors import MediaError
from fomm_core.image import ByteArray, read_image
from fomm_core.motion.keypoints import FloatArray
from fomm_core.video.pictures import list_pictures, natural_key
from fomm_eval.data.ground_truth import read_truth

FORMAT = 1
SETTINGS_FILE = "benchmark.json"


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
        """Where the expression is to be seen, (H, W, 1) float32 in [0, 1]."""
        return read_image(self.region)[:, :, :1].astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class BenchmarkCase:
    """The files of a case.

    Attributes:
        name: of the case.
        source: the picture to animate.
        driving, target: T files each.
        blink, mouth: the frames with that expression.
        truth: the file of true keypoints.
    """

    name: str
    source: Path
    driving: tuple[Path, ...]
    target: tuple[Path, ...]
    blink: tuple[ExpressionFiles, ...]
    mouth: tuple[ExpressionFiles, ...]
    truth: Path

    def read_truth(self) -> FloatArray:
        """The true keypoints of all frames, (T, K, 2) float32 in [-1, 1], x first.

        Raises:
            MediaError: the file cannot be read or has another form.
        """
        value = read_truth(self.truth)
        if len(value) != len(self.driving):
            raise MediaError(
                f"{self.truth}: value: expected ({len(self.driving)}, K, 2), found {value.shape}"
            )
        return value


@dataclass(frozen=True)
class Benchmark:
    """A benchmark on disk.

    Attributes:
        folder: where it is.
        size: height and width of the frames in pixels.
        seed: what it was drawn from.
        cases: at least one.
    """

    folder: Path
    size: int
    seed: int
    cases: tuple[BenchmarkCase, ...]


def open_benchmark(folder: Path) -> Benchmark:
    """Find the cases of a benchmark.

    Raises:
        MediaError: it is no benchmark, or a case of it is incomplete.
    """
    settings = _read_settings(folder / SETTINGS_FILE)
    names = sorted((e.name for e in folder.iterdir() if _is_case(e)), key=natural_key)
    cases = tuple(_open_case(folder / name) for name in names)
    if len(cases) != settings["count"]:
        raise MediaError(
            f"{folder}: expected {settings['count']} cases, found {len(cases)}; write it again"
        )
    return Benchmark(folder, settings["size"], settings["seed"], cases)


def _is_case(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _read_settings(path: Path) -> dict[str, int]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MediaError(
            f"{path}: expected the settings of a benchmark of avatars, found none: {error}"
        ) from error
    keys = ("format", "size", "count", "seed")
    if not isinstance(content, dict) or not all(type(content.get(key)) is int for key in keys):
        raise MediaError(f"{path}: expected whole numbers {', '.join(keys)}")
    settings: dict[str, int] = content
    if settings["format"] != FORMAT or settings["count"] < 1:
        raise MediaError(
            f"{path}: expected format {FORMAT} and a count of 1 or more, found format "
            f"{settings['format']} and count {settings['count']}"
        )
    return settings


def _open_case(folder: Path) -> BenchmarkCase:
    driving, target = list_pictures(folder / "driving"), list_pictures(folder / "target")
    if [path.name for path in driving] != [path.name for path in target]:
        raise MediaError(
            f"{folder}: expected the same frames in driving and target, found {len(driving)} and "
            f"{len(target)}"
        )
    return BenchmarkCase(
        folder.name,
        folder / "source.png",
        tuple(driving),
        tuple(target),
        tuple(_expressions(folder / "blink", len(driving))),
        tuple(_expressions(folder / "mouth", len(driving))),
        folder / "truth.npz",
    )


def _expressions(folder: Path, frames: int) -> Iterator[ExpressionFiles]:
    driving = folder / "driving"
    if not driving.is_dir() or not any(driving.iterdir()):
        return
    for path in list_pictures(driving):
        if not path.stem.isdecimal() or int(path.stem) >= frames:
            raise MediaError(f"{path}: expected the number of one of {frames} frames for a name")
        others = [folder / kind / path.name for kind in ("target", "region")]
        for other in others:
            if not other.is_file():
                raise MediaError(f"{other}: expected a picture to go with {path}, found none")
        yield ExpressionFiles(int(path.stem), path, *others)


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
