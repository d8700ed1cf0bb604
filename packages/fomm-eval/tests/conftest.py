"""Frames, clips and models that tests of several folders need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fomm_core.engine.fake import FakeEngine
from fomm_core.loading import Model
from fomm_core.model.finding import find_model
from fomm_core.video import PngWriter, VideoWriter
from moving_spot import moving_spot

SHARED = Path(__file__).resolve().parents[4] / "shared"
SIZE = 64

Frames = list[np.ndarray]


def wandering(count: int = 6, seed: int = 0, size: int = SIZE) -> Frames:
    """Pictures (size, size, 3) uint8 of a spot that wanders."""
    return moving_spot(count, (size, size), seed)


def put_folder(path: Path, frames: Sequence[np.ndarray]) -> Path:
    """Write frames as a folder of pictures, without loss."""
    with PngWriter(path) as sink:
        for frame in frames:
            sink.write(frame)
    return path


def put_video(path: Path, frames: Sequence[np.ndarray]) -> Path:
    """Write frames as a video."""
    with VideoWriter(path, Fraction(25)) as sink:
        for frame in frames:
            sink.write(frame)
    return path


def put_strip(path: Path, frames: Sequence[np.ndarray]) -> Path:
    """Write frames side by side, by other code than what is tested."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.hstack(frames)).save(path)
    return path


@dataclass(frozen=True)
class Put:
    """Writers of test data."""

    folder: Callable[..., Path] = put_folder
    video: Callable[..., Path] = put_video
    strip: Callable[..., Path] = put_strip


@pytest.fixture(scope="session")
def put() -> Put:
    """Writes frames as a folder, a video or a strip."""
    return Put()


@pytest.fixture(scope="session")
def frames() -> Callable[..., Frames]:
    """Makes frames: ``frames(count, seed, size)``."""
    return wandering


@pytest.fixture(scope="session")
def sample_video() -> Path:
    """A real face that speaks, 256x256."""
    path = SHARED / "samples" / "sample_drv.mp4"
    if not path.exists():
        pytest.skip("the folder shared with the sample video is not beside the repository")
    return path


def make_fake_model(size: int = SIZE) -> Model:
    """A model without networks: it follows the brightest spot."""
    config = find_model("avatar").config
    data = config.dataset_params.model_copy(update={"frame_shape": (size, size, 3)})
    config = config.model_copy(update={"dataset_params": data})
    return Model("fake", config, FakeEngine((size, size), num_kp=10))


@pytest.fixture
def model() -> Model:
    """A model of 64x64 without networks."""
    return make_fake_model()


@pytest.fixture(scope="session")
def fake_model() -> Callable[..., Model]:
    """Makes models without networks: ``fake_model(size)``."""
    return make_fake_model


@pytest.fixture
def small_data(tmp_path) -> Path:
    """A data set: three test videos, as folders of frames, of 5, 6 and 7 frames."""
    for number in range(3):
        put_folder(tmp_path / "data" / "test" / f"clip{number}", wandering(5 + number, number))
    return tmp_path / "data"
