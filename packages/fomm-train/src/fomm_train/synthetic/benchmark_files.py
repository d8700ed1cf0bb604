"""The cross-identity benchmark as a folder, for programs that cannot draw avatars.

::

    benchmark.json              {"format": 1, "size": 128, "count": 16, "seed": 0, "swapped": false}
    0000/                       one folder for each case
        source.png              the picture to animate
        driving/000000.png ...  another avatar
        target/000000.png ...   the true answers
        blink/, mouth/          for the frames with the expression, by their numbers:
            driving/000007.png  driving frame 7 without it
            target/000007.png   the true answer to that
            region/000007.png   grey: where it is to be seen
        truth.npz               value (T, K, 2) float32: true keypoints of every frame

All pictures are lossless.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from fomm_core.errors import OutputError
from fomm_core.image import save_png, to_uint8
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.benchmark import BenchmarkCase, Expression, cross_identity_benchmark

FORMAT = 1
SETTINGS_FILE = "benchmark.json"


def write_benchmark(
    out: Path,
    size: int,
    count: int,
    seed: int,
    on_progress: Callable[[int], None] = lambda done: None,
    *,
    swapped: bool = False,
) -> None:
    """Write the cases of :func:`cross_identity_benchmark`; the folder appears when complete.

    Args:
        out: a folder that does not exist yet.
        size, count, seed: of the benchmark.
        on_progress: called with the number of cases written.
        swapped: exchange the two avatars of each case.

    Raises:
        OutputError: something is at ``out``, or it cannot be written.
    """
    if out.exists():
        raise OutputError(f"{out}: expected a new folder, found something there")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            cases = cross_identity_benchmark(size, count, seed, swapped=swapped)
            for done, case in enumerate(cases, start=1):
                _write_case(partial / case.name, case)
                on_progress(done)
            settings = {
                "format": FORMAT,
                "size": size,
                "count": count,
                "seed": seed,
                "swapped": swapped,
            }
            (partial / SETTINGS_FILE).write_text(json.dumps(settings), encoding="utf-8")
            partial.chmod(0o755)
            partial.replace(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}") from error


def _write_case(folder: Path, case: BenchmarkCase) -> None:
    every = range(len(case.driving))
    _write_frames(folder / "driving", every, case.driving)
    _write_frames(folder / "target", every, case.target)
    save_png(folder / "source.png", to_uint8(case.source))
    for name, expression in (("blink", case.blink), ("mouth", case.mouth)):
        _write_expression(folder / name, expression)
    value = np.stack([keypoints.value for keypoints in case.kp_driving])
    np.savez_compressed(folder / "truth.npz", value=value)


def _write_expression(folder: Path, expression: Expression) -> None:
    numbers = [int(number) for number in expression.frames]
    _write_frames(folder / "driving", numbers, expression.driving_without)
    _write_frames(folder / "target", numbers, expression.target_without)
    grey = np.repeat(expression.regions, 3, axis=1)
    _write_frames(folder / "region", numbers, grey)


def _write_frames(folder: Path, numbers: Iterable[int], frames: FloatArray) -> None:
    """Write frames (N, 3, H, W) in [0, 1] under their numbers."""
    folder.mkdir(parents=True)
    for number, frame in zip(numbers, frames, strict=True):
        save_png(folder / f"{number:06d}.png", to_uint8(frame))
