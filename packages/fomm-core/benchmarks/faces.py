"""Whole pictures: finding faces, time of cropping and pasting back, the worth of fine detail.

    uv run python packages/fomm-core/benchmarks/faces.py [--model face] [--people FOLDER]

Faces are looked for in groups of rendered people, some with turned or tilted heads; `whole` is
one pass over the whole picture at each of three sizes. FOLDER has a folder for each person, with
square pictures of that person in several poses, larger than the model's frames. The first of
them, by name, is moved to the pose of each other one by absolute motion, and enlarged to its
size; the errors are mean absolute differences.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from fomm_core.animator import AnimatedFrame, Animator
from fomm_core.face.crop import Crop
from fomm_core.face.detail import SourceDetail
from fomm_core.face.detector import FaceBox, each_once
from fomm_core.face.paste import Paster
from fomm_core.face.search import COARSE, FINE, MEDIUM, find_all_faces, find_faces, find_upright
from fomm_core.face.yunet import open_detector
from fomm_core.image import ByteArray, fit, read_image
from fomm_core.loading import Model, load_model
from fomm_core.model.samples import SAMPLE_CLIPS, SAMPLE_PICTURES, SAMPLE_SOURCE
from fomm_core.video import VideoReader

SIZE = (1200, 1600)
FACE = Crop(600, 300, 512)
FRAMING = 1.66
"""Sides of the rendered pictures, in heights of the face."""

Group = tuple[ByteArray, list[FaceBox]]


def whole_picture(side: int) -> ByteArray:
    """A picture (1200, 1600, 3) with a portrait of that many pixels in it; 0: with none."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    waves = 128 + 60 * np.sin(x / 170) + 60 * np.cos(y / 130)
    picture = np.stack([waves, waves, 255 - waves], axis=-1).astype(np.uint8)
    if side:
        picture[300 : 300 + side, 600 : 600 + side] = fit(read_image(SAMPLE_SOURCE), (side, side))
    return picture


def milliseconds(call: Callable[[], object], repeats: int = 15) -> float:
    """Shortest time of one call, after one that warms up."""
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def group(heights: tuple[int, int], tilt: float, rng: np.random.Generator) -> Group:
    """A picture (1200, 1600, 3) of 30 people, their faces of some pixels, and their places."""
    picture, heads, people = whole_picture(0), [], _people()
    cell = (SIZE[0] // 5, SIZE[1] // 6)
    for index in range(30):
        height = rng.uniform(*heights)
        person = Image.fromarray(people[rng.integers(len(people))])
        side = round(FRAMING * height)
        turned = person.rotate(rng.uniform(-tilt, tilt), Image.Resampling.BICUBIC)
        top, left = (part * length for part, length in zip(divmod(index, 6), cell, strict=True))
        picture[top : top + side, left : left + side] = turned.resize((side, side))
        heads.append(
            FaceBox(left + (side - height) / 2, top + (side - height) / 2, height, height, 1)
        )
    return picture, heads


def measure_recall() -> None:
    """Print how many faces are found in groups of people, and how many places are no faces."""
    detector = open_detector(threads=1)
    ways = {
        "find_all_faces": lambda picture: find_all_faces(detector, picture).boxes,
        "whole": lambda picture: each_once(
            [
                box
                for size in (COARSE, MEDIUM, FINE)
                for box in find_upright(detector, picture, size)
            ]
        ),
    }
    for heights, tilt in (((24, 30), 0), ((30, 40), 0), ((24, 40), 20), ((40, 100), 30)):
        groups = [group(heights, tilt, np.random.default_rng(seed)) for seed in range(4)]
        for name, find in ways.items():
            began = time.process_time()
            found = [find(picture) for picture, _ in groups]
            spent = 1000 * (time.process_time() - began) / len(groups)
            hits = sum(_hits(boxes, heads) for boxes, (_, heads) in zip(found, groups, strict=True))
            others = sum(map(len, found)) - hits
            size = f"{heights[0]}-{heights[1]} pixels, tilted by up to {tilt} degrees"
            print(f"{size}: {name} {hits} of 120, {others} wrong, {spent:.0f} ms of a processor")


def _people() -> list[ByteArray]:
    """The portraits, and every tenth frame of the clips."""
    portraits = [read_image(path) for path in SAMPLE_PICTURES.values()]
    return portraits + [
        frame for clip in SAMPLE_CLIPS.values() for frame in islice(VideoReader(clip), 0, None, 10)
    ]


def _hits(boxes: Sequence[FaceBox], heads: Sequence[FaceBox]) -> int:
    return sum(any(box.overlap(head) > 0.2 for box in boxes) for head in heads)


def measure_times(model: Model) -> None:
    """Print the times of a 512-pixel face in a picture of 1600x1200."""
    detector, picture = open_detector(threads=1), whole_picture(FACE.side)
    print(f"find the largest face: {milliseconds(lambda: find_faces(detector, picture)):.1f} ms")
    everyone = milliseconds(lambda: find_all_faces(detector, picture), 3)
    print(f"find all faces: {everyone:.1f} ms")
    animator = Animator(model, FACE.cut(picture, model.frame_size))
    frame = next(iter(animator.run([animator.source], diagnostics=True)))
    frames = milliseconds(lambda: list(animator.run([animator.source])))
    paster = Paster(picture, [FACE])
    crop = milliseconds(lambda: FACE.cut(picture, model.frame_size))
    paste = milliseconds(lambda: paster.paste([frame.prediction]))
    detail = SourceDetail(FACE.cut(picture, (FACE.side, FACE.side)), model.frame_size)
    add = milliseconds(lambda: _enlarged(detail, frame))
    print(f"a frame of {model.name}: {frames:.1f} ms")
    print(f"crop {crop:.1f} ms + paste {paste:.1f} ms: {100 * (crop + paste) / frames:.0f} % more")
    print(f"detail at {FACE.side} pixels: {add:.1f} ms, {100 * add / frames:.0f} % more")


def measure_detail(model: Model, folder: Path) -> None:
    """Print the errors with and without detail, from the smallest to the largest motion."""
    rows = sorted(row for person in sorted(folder.iterdir()) for row in _errors(model, person))
    print("motion   bicubic  detail  change")
    for part in np.array_split(np.array(rows), 3):
        motion, plain, detailed = part.mean(axis=0)
        print(
            f"{motion:6.3f}  {plain:8.5f} {detailed:7.5f}  {100 * (detailed / plain - 1):+5.1f} %"
        )


def _errors(model: Model, person: Path) -> Iterator[tuple[float, float, float]]:
    """Motion of the keypoints, error without and with detail, of each pose of one person."""
    first, *others = (read_image(path) for path in sorted(person.iterdir()))
    animator = Animator(model, first, motion="absolute")
    detail = SourceDetail(first, model.frame_size)
    size = (first.shape[1], first.shape[0])
    frames = animator.run(others, diagnostics=True)
    for truth, frame in zip(others, frames, strict=True):
        moved = np.abs(frame.keypoints.value - animator.kp_source.value).mean()
        plain = Image.fromarray(frame.prediction).resize(size, Image.Resampling.BICUBIC)
        yield float(moved), _l1(np.asarray(plain), truth), _l1(_enlarged(detail, frame), truth)


def _enlarged(detail: SourceDetail, frame: AnimatedFrame) -> ByteArray:
    if frame.diagnostics is None:
        raise ValueError("frame: expected one with its inner maps")
    return detail.enlarge(frame.prediction, frame.diagnostics)


def _l1(image: ByteArray, truth: ByteArray) -> float:
    return float(np.abs(image.astype(np.float32) - truth).mean() / 255)


def main() -> None:
    """Measure on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="face")
    parser.add_argument("--people", type=Path, help="folder with a folder for each person")
    options = parser.parse_args()
    measure_recall()
    with load_model(options.model) as model:
        measure_times(model)
        if options.people is not None:
            measure_detail(model, options.people)


if __name__ == "__main__":
    main()
