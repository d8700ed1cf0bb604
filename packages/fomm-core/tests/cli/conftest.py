"""Running commands as users do, and an FFmpeg of its own to make and check their files."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from fomm_core.cli.main import run
from fomm_core.model.bundle import CARD_FILE, EMBEDDED_MODELS
from fomm_core.model.samples import DRAWN_DRIVING, DRAWN_SOURCE
from moving_spot import moving_spot

PROGRAM = [sys.executable, "-m", "fomm_core.cli.main"]


@dataclass(frozen=True)
class Ran:
    """What a command left behind: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> Path:
        """The path that a command that succeeded has printed."""
        assert self.code == 0, self.err
        return Path(self.out.rstrip("\n"))

    @property
    def refusal(self) -> str:
        """The one line of a command that the user can mend."""
        assert (self.code, self.out) == (2, ""), (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        (line,) = self.err.splitlines()
        assert line.startswith("fomm: error: ")
        return line.removeprefix("fomm: error: ")


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """A cache folder for all tests together, so that a model is exported once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def here(tmp_path, monkeypatch, cache) -> Path:
    """The current folder: empty, and nobody else's."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FOMM_CACHE", str(cache))
    return folder


@pytest.fixture
def fomm(here, capfd) -> Callable[..., Ran]:
    """Run a command in this process."""

    def call(*words: object) -> Ran:
        capfd.readouterr()
        code = run([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def animate(fomm) -> Callable[..., Ran]:
    """Run ``fomm -q animate`` in this process, with the smallest model unless one is named.

    ``-q`` leaves errors alone on stderr.
    """

    def call(*words: object) -> Ran:
        named = {"--model", "--config"} & {str(word) for word in words}
        return fomm("-q", "animate", *(() if named else ("--model", "avatar")), *words)

    return call


@pytest.fixture
def program(here) -> Callable[..., Ran]:
    """Run a command in a process of its own."""

    def call(*words: object, env: dict[str, str] | None = None, **settings: object) -> Ran:
        command = [*PROGRAM, *map(str, words)]
        surroundings = {**os.environ, **(env or {})}
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
        done = subprocess.run(command, text=True, env=surroundings, check=False, **settings)
        return Ran(done.returncode, done.stdout or "", done.stderr or "")

    return call


@pytest.fixture
def start(here) -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a process of its own; it does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def call(*words: object) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([*PROGRAM, *map(str, words)], text=True, **pipes)
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def files(here) -> Callable[[], set[str]]:
    """The files below the current folder, hidden ones too."""
    return lambda: {str(p.relative_to(here)) for p in here.rglob("*") if not p.is_dir()}


class Ffmpeg:
    """Runs the FFmpeg program; it shares no code with what is tested."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(self, *words: object, stdin: bytes = b"") -> bytes:
        command = [self.path, "-hide_banner", "-loglevel", "error", "-y", *map(str, words)]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def describe(self, path: Path) -> str:
        """What it prints about a file."""
        done = subprocess.run([self.path, "-i", path], capture_output=True, check=False)
        return done.stderr.decode()

    def size(self, path: Path) -> tuple[int, int]:
        """(width, height) of a file's frames."""
        found = re.search(r"Video: .*?, (\d+)x(\d+)", self.describe(path))
        return int(found[1]), int(found[2])

    def frames(self, path: Path) -> np.ndarray:
        """All frames, (N, H, W, 3) uint8."""
        width, height = self.size(path)
        form = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        return np.frombuffer(self("-i", path, *form), np.uint8).reshape(-1, height, width, 3)

    def clip(self, path, *words, frames=8, rate="25", size=(64, 64), sound=()) -> Path:
        """A bright spot that wanders over noise that stands still; H.264 by default."""
        raw = b"".join(picture.tobytes() for picture in moving_spot(frames, size))
        form = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", rate)
        seconds = float(frames / Fraction(rate))
        tone = ("-f", "lavfi", "-t", seconds, "-i", "sine=440:r=48000") if sound else ()
        words = words or ("-c:v", "libx264", "-crf", "8", "-pix_fmt", "yuv420p", "-g", "5")
        self(*form, "-i", "-", *tone, *words, *sound, path, stdin=raw)
        return Path(path)


@pytest.fixture(scope="session")
def ffmpeg() -> Ffmpeg:
    import imageio_ffmpeg

    return Ffmpeg(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """A folder for files that tests share and do not change."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def clip(ffmpeg, media) -> Path:
    """A clip of eight frames, 64x64, 25 per second, with sound."""
    return ffmpeg.clip(media / "clip.mp4", sound=("-c:a", "aac", "-shortest"))


@pytest.fixture(scope="session")
def portrait() -> Path:
    """The drawn source picture, 128x128."""
    return DRAWN_SOURCE


@pytest.fixture(scope="session")
def driver() -> Path:
    """The drawn driving clip: 75 frames, 128x128, 25 per second, with sound."""
    return DRAWN_DRIVING


@pytest.fixture(scope="session")
def pictures() -> Callable[[Path], np.ndarray]:
    """Reads a folder of numbered pictures, (N, H, W, 3) uint8."""

    def read(folder: Path) -> np.ndarray:
        names = sorted(path.name for path in folder.iterdir())
        assert names == [f"{number:06d}.png" for number in range(len(names))]
        return np.stack([np.asarray(Image.open(folder / name)) for name in names])

    return read


@pytest.fixture(scope="session")
def rate_of() -> Callable[[Path], Fraction]:
    """Reads a video's exact frame rate from its header and from its time stamps."""

    def read(path: Path) -> Fraction:
        import av

        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stamps = sorted(p.pts for p in container.demux(stream) if p.pts is not None)
            (step,) = {b - a for a, b in itertools.pairwise(stamps)}
            assert stream.average_rate == 1 / (step * stream.time_base)
            return stream.average_rate

    return read


@pytest.fixture
def fake_engine(monkeypatch) -> Callable[..., None]:
    """Let the commands of this process run on a fake engine, 64x64; each on one of its own."""
    from fomm_core import loading as models
    from fomm_core.engine.fake import FakeEngine
    from fomm_core.model.finding import find_model

    config = find_model("avatar").config
    data = config.dataset_params.model_copy(update={"frame_shape": (64, 64, 3)})
    config = config.model_copy(update={"dataset_params": data})

    def put(make: Callable[..., FakeEngine] = FakeEngine, **settings: Any) -> None:
        monkeypatch.setattr(
            models,
            "start_model",
            lambda files, *_: models.Model(files.name, config, make((64, 64), **settings)),
        )

    return put


@pytest.fixture
def damaged_model(here) -> Callable[..., Path]:
    """Make a model folder in which one file is something else.

    ``honest``: the card states that file's checksum, so that only reading it tells.
    """

    def make(name: str, content: bytes, honest: bool = False) -> Path:
        shutil.copytree(EMBEDDED_MODELS / "avatar", "damaged")
        (here / "damaged" / name).write_bytes(content)
        if honest:
            card = yaml.safe_load((here / "damaged" / CARD_FILE).read_text())
            card["files"][name] = hashlib.sha256(content).hexdigest()
            (here / "damaged" / CARD_FILE).write_text(yaml.safe_dump(card))
        return Path("damaged")

    return make


@pytest.fixture
def refuse(animate, here, portrait, clip):
    """Run ``fomm animate`` in vain; returns its one line. Inputs may be exchanged.

    Neither files nor folders are left behind.
    """

    def call(*words, **inputs):
        before = {*here.rglob("*")}
        named = {"source": portrait, "driving": clip, "output": "out/o.mp4", **inputs}
        given = [w for name, path in named.items() if path for w in (f"--{name}", path)]
        refusal = animate(*given, *words).refusal
        assert {*here.rglob("*")} == before
        return refusal

    return call


@pytest.fixture
def broken(here, ffmpeg):
    """A driving video of fifty frames, broken in the middle, and the whole one."""
    encoder = ("-c:v", "libx264", "-crf", "8", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "5")
    whole = ffmpeg.clip(here / "whole.mp4", *encoder, "-movflags", "+faststart", frames=50)
    content = whole.read_bytes()
    (here / "cut.mp4").write_bytes(content[: len(content) // 2])
    middle = len(content) // 2
    scratched = content[:middle] + b"\xff" * 3000 + content[middle + 3000 :]
    (here / "scratched.mp4").write_bytes(scratched)
    (here / "frames").mkdir()
    ffmpeg("-i", whole, "-frames:v", "9", here / "frames" / "%d.png")
    (here / "frames/6.png").write_bytes((here / "frames/6.png").read_bytes()[:200])
    return {"cut": "cut.mp4", "scratched": "scratched.mp4", "folder": "frames"}
