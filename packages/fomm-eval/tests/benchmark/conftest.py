"""A benchmark whose answers are known: squares that move, with eyes that close."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIZE, FRAMES = 64, 6
BLINKS, SPEAKS = (2, 3), (4,)


def portrait(number: int, place: int, blink: bool = False, speak: bool = False) -> np.ndarray:
    """A bright square of an identity's colour with a dark eye and mouth, at a place."""
    frame = np.full((SIZE, SIZE, 3), 10 + 5 * number, np.uint8)
    face = frame[16:48, place : place + 32]
    face[...] = (250, 200 - 60 * number, 180)
    if not blink:
        face[4:10, 6:12] = 30
    face[22 : 28 if speak else 24, 10:22] = 60
    return frame


def region(place: int, top: int, bottom: int) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[16 + top : 16 + bottom, place : place + 32] = 255
    return mask


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def put_case(folder: Path, source: int, driving: int) -> None:
    places = [10 + 2 * number for number in range(FRAMES)]
    save(folder / "source.png", portrait(source, places[0]))
    for index, place in enumerate(places):
        shown = {"blink": index in BLINKS, "speak": index in SPEAKS}
        for kind, who in (("driving", driving), ("target", source)):
            save(folder / kind / f"{index:06d}.png", portrait(who, place, **shown))
            for name, frames in (("blink", BLINKS), ("mouth", SPEAKS)):
                if index in frames:
                    save(folder / name / kind / f"{index:06d}.png", portrait(who, place))
    for index in BLINKS:
        save(folder / "blink" / "region" / f"{index:06d}.png", region(places[index], 0, 14))
    for index in SPEAKS:
        save(folder / "mouth" / "region" / f"{index:06d}.png", region(places[index], 18, 32))
    np.savez(folder / "truth.npz", value=np.zeros((FRAMES, 10, 2), np.float32))


@pytest.fixture
def benchmark_folder(tmp_path) -> Path:
    """Two cases of six frames, 64x64."""
    folder = tmp_path / "benchmark"
    put_case(folder / "0000", 0, 1)
    put_case(folder / "0001", 1, 0)
    settings = {"format": 1, "size": SIZE, "count": 2, "seed": 5}
    (folder / "benchmark.json").write_text(json.dumps(settings))
    return folder
