"""A benchmark whose answers are known: squares that move, with eyes that close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.benchmark_format import (
    BenchmarkCase,
    BenchmarkSettings,
    Expression,
    write_benchmark,
)
from fomm_core.image import to_network
from fomm_core.motion.keypoints import Keypoints

SIZE, FRAMES = 64, 6
BLINKS, SPEAKS = (2, 3), (4,)
PLACES = [10 + 2 * number for number in range(FRAMES)]


def portrait(number: int, place: int, blink: bool = False, speak: bool = False) -> np.ndarray:
    """A bright square of an identity's colour with a dark eye and mouth, at a place."""
    frame = np.full((SIZE, SIZE, 3), 10 + 5 * number, np.uint8)
    face = frame[16:48, place : place + 32]
    face[...] = (250, 200 - 60 * number, 180)
    if not blink:
        face[4:10, 6:12] = 30
    face[22 : 28 if speak else 24, 10:22] = 60
    return to_network(frame)


def region(place: int, top: int, bottom: int) -> np.ndarray:
    mask = np.zeros((1, SIZE, SIZE), np.float32)
    mask[:, 16 + top : 16 + bottom, place : place + 32] = 1
    return mask


def film(who: int) -> np.ndarray:
    frames = [
        portrait(who, place, blink=index in BLINKS, speak=index in SPEAKS)
        for index, place in enumerate(PLACES)
    ]
    return np.stack(frames)


def express(name: str, frames: tuple[int, ...], rows: tuple[int, int], who: tuple[int, int]):
    plain = [np.stack([portrait(w, PLACES[index]) for index in frames]) for w in who]
    regions = np.stack([region(PLACES[index], *rows) for index in frames])
    return Expression(name, np.array(frames), *plain, regions)


def make_case(source: int, driving: int) -> BenchmarkCase:
    who = (driving, source)
    return BenchmarkCase(
        name=f"{source:04d}",
        source=portrait(source, PLACES[0]),
        driving=film(driving),
        target=film(source),
        kp_driving=(Keypoints(np.zeros((10, 2))),) * FRAMES,
        expressions=(
            express("blink", BLINKS, (0, 14), who),
            express("mouth", SPEAKS, (18, 32), who),
        ),
    )


@pytest.fixture
def benchmark_folder(tmp_path) -> Path:
    """Two cases of six frames, 64x64."""
    folder = tmp_path / "benchmark"
    cases = [make_case(0, 1), make_case(1, 0)]
    write_benchmark(folder, BenchmarkSettings(SIZE, 2, seed=5), cases)
    return folder
