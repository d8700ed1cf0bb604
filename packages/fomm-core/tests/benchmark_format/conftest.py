"""A benchmark as the first version wrote it, put down by other code than what is tested."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIZE, FRAMES = 64, 6
EXPRESSIONS = {"blink": (2, 3), "mouth": (4,)}


def save(path: Path, shade: int) -> None:
    """A dark picture with a bright half."""
    image = np.zeros((SIZE, SIZE), np.uint8)
    image[: SIZE // 2] = shade
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def put_case(folder: Path, shade: int) -> None:
    save(folder / "source.png", shade)
    for index in range(FRAMES):
        for kind in ("driving", "target"):
            save(folder / kind / f"{index:06d}.png", shade + index)
    for name, frames in EXPRESSIONS.items():
        for index in frames:
            for kind in ("driving", "target"):
                save(folder / name / kind / f"{index:06d}.png", shade)
            save(folder / name / "region" / f"{index:06d}.png", 255)
    np.savez(folder / "truth.npz", value=np.zeros((FRAMES, 10, 2), np.float32))


@pytest.fixture
def benchmark_folder(tmp_path) -> Path:
    """Two cases of six frames, 64x64."""
    folder = tmp_path / "benchmark"
    put_case(folder / "0000", 100)
    put_case(folder / "0001", 200)
    settings = {"format": 1, "size": SIZE, "count": 2, "seed": 5}
    (folder / "benchmark.json").write_text(json.dumps(settings))
    return folder
