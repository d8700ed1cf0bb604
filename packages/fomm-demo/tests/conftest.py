"""Media to hand in, models that need no weights, and servers to talk to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fomm_core.engine.fake import FakeEngine
from fomm_core.face.detector import FaceBox
from fomm_core.loading import Model
from fomm_core.model.finding import find_model
from fomm_core.model.framing import Framing
from fomm_core.model.samples import DRAWN_DRIVING, DRAWN_SOURCE
from fomm_core.video import VideoReader, VideoWriter
from fomm_demo.services.animation import AnimationService
from fomm_demo.services.models import ModelRegistry
from fomm_demo.services.sharing import SharedEngine
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Limits

PROGRAM = [sys.executable, "-c", "from fomm_core.cli.main import main; main()"]
SMALL = Limits(upload_mb=2, seconds=2.0, pixels=300_000, keep_minutes=5)
_START_SECONDS = 120


class Server:
    """A server in a process of its own, which offers the smallest model first unless told else."""

    def __init__(self, folder: Path, *options: str) -> None:
        options = options if "--model" in options else ("--model", "avatar", *options)
        self.folder = folder
        environment = {**os.environ, "TMPDIR": str(folder)}
        self.process = subprocess.Popen(
            [*PROGRAM, "demo", "--port", "0", *options],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )
        line = self.process.stderr.readline()
        self.url = next((word for word in line.split() if word.startswith("http://")), None)
        assert self.url, line

    def wait(self) -> Server:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            if self.health().get("model_ready"):
                return self
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def health(self) -> dict:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def stop(self) -> tuple[int, str]:
        """Ask it to stop; the exit code and what it wrote."""
        if self.process.stderr.closed:
            return self.process.returncode, ""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, text = self.process.communicate(timeout=30)
        return self.process.returncode, text


@pytest.fixture(autouse=True)
def temporary_files_go_with_the_test(tmp_path, monkeypatch) -> None:
    """Gradio's client leaves folders in the system's place for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="session")
def program() -> list[str]:
    """The beginning of a command line of ``fomm``."""
    return PROGRAM


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., Server]]:
    """Starts servers that are gone after the test at the latest."""
    started = []

    def start(*options: str) -> Server:
        started.append(Server(tmp_path, *options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """One server with small limits for all tests that leave it as it was."""
    options = ("--max-upload-mb", "3", "--max-seconds", "20", "--max-pixels", "4000000")
    running = Server(tmp_path_factory.mktemp("server"), *options)
    yield running.wait()
    code, text = running.stop()
    assert (code, "Traceback" in text) == (0, False), text


@pytest.fixture
def workspace(tmp_path) -> Iterator[Workspace]:
    made = Workspace(5, tmp_path)
    yield made
    made.close()


@pytest.fixture
def limits() -> Limits:
    return SMALL


@pytest.fixture(scope="session")
def fake_model() -> Model:
    """The fake engine under the configuration of the smallest model."""
    config = find_model("avatar").config
    return Model("fake", config, SharedEngine(FakeEngine(config.frame_size, num_kp=10)))


class FakeRegistry(ModelRegistry):
    """Offers the fake model under the embedded one's name."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def get(self, name, fast=False):
        self.info(name)
        return self._model


@pytest.fixture
def animation(fake_model, workspace, limits) -> AnimationService:
    return AnimationService(FakeRegistry(fake_model), workspace, limits)


@pytest.fixture
def cropping(animation, fake_model, monkeypatch) -> AnimationService:
    """The same with a model that crops to faces, squares twice as high; white spots are faces."""

    def white_spot(picture: np.ndarray) -> list[FaceBox]:
        rows, columns = np.nonzero(picture.min(axis=2) > 200)
        if not len(rows):
            return []
        left, top = int(columns.min()), int(rows.min())
        return [FaceBox(left, top, columns.max() + 1 - left, rows.max() + 1 - top, 0.9)]

    monkeypatch.setattr("fomm_core.pipeline.source.open_detector", lambda: white_spot)
    framed = replace(fake_model, framing=Framing(side=2.0))
    return replace(animation, models=FakeRegistry(framed))


@pytest.fixture(scope="session")
def picture() -> Path:
    return DRAWN_SOURCE


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """A second of the sample's driving video."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with VideoWriter(path, Fraction(25)) as writer:
        for frame in VideoReader(DRAWN_DRIVING, end=1.0):
            writer.write(frame)
    return path


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory) -> Path:
    """The sample's driving video again and again, for 18 seconds."""
    path = tmp_path_factory.mktemp("clip") / "long.mp4"
    frames = list(VideoReader(DRAWN_DRIVING))
    with VideoWriter(path, Fraction(25)) as writer:
        for frame in frames * 6:
            writer.write(frame)
    return path


@pytest.fixture(scope="session")
def clip_with_sound(tmp_path_factory, clip) -> Path:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path_factory.mktemp("clip") / "sound.mp4"
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    codecs = ["-c:v", "copy", "-c:a", "aac", "-shortest"]
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-loglevel", "error", "-i", str(clip), *sound, *codecs, str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def broken_clip(tmp_path, clip) -> Path:
    """A video whose index says what its data does not."""
    data = bytearray(clip.read_bytes())
    begin = data.index(b"mdat") + 8
    data[begin:] = bytes(len(data) - begin)
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)
    return path


@pytest.fixture
def cut_picture(tmp_path, picture) -> Path:
    """A picture with a good header and half of the rest."""
    path = tmp_path / "cut.png"
    path.write_bytes(picture.read_bytes()[: picture.stat().st_size // 2])
    return path


@pytest.fixture
def bomb(tmp_path) -> Path:
    """A PNG of a few kB that claims 400 million pixels."""
    small = tmp_path / "small.png"
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(small)
    data = bytearray(small.read_bytes())
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    data[29:33] = _crc(bytes(data[12:29]))
    path = tmp_path / "bomb.png"
    path.write_bytes(data)
    return path


def _crc(chunk: bytes) -> bytes:
    import zlib

    return zlib.crc32(chunk).to_bytes(4, "big")
