"""A tiny data set, a tiny model, and the program in processes of its own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml
from PIL import Image

from mpi_launcher import mpirun_or_skip

TIMEOUT_SECONDS = 240


def make_videos(root, count=6, frames=8, size=32):
    """Folders of frames: a soft blob that circles on a plain ground."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:size, 0:size]
    for number in range(count):
        folder = root / "train" / f"video{number}"
        folder.mkdir(parents=True)
        color, ground, phase = rng.random(3), rng.random(3), rng.random(2) * 6
        for frame in range(frames):
            x = size / 2 + size / 4 * np.sin(frame * 0.8 + phase[0])
            y = size / 2 + size / 4 * np.cos(frame * 0.8 + phase[1])
            blob = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / size)[..., None]
            picture = 255 * (blob * color + (1 - blob) * ground)
            Image.fromarray(picture.astype(np.uint8)).save(folder / f"{frame:03d}.png")
    return root


@pytest.fixture(scope="session")
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp("videos"))


@pytest.fixture
def settings(videos, tmp_path):
    """A configuration as plain data, to be changed; 12 steps an epoch on one rank."""
    return make_settings(videos, tmp_path / "logs")


def make_settings(videos, logs):
    """The configuration of :func:`settings`, as plain data."""
    hourglass = {"block_expansion": 4, "max_features": 8, "num_blocks": 2, "scale_factor": 0.5}
    return {
        "dataset_params": {
            "root_dir": str(videos),
            "frame_shape": [32, 32, 3],
            "augmentation_params": {
                "flip_param": {"horizontal_flip": True, "time_flip": True},
                "jitter_param": {"brightness": 0.1, "hue": 0.1},
            },
        },
        "model_params": {
            "common_params": {"num_kp": 3},
            "kp_detector_params": dict(hourglass),
            "generator_params": {
                "block_expansion": 4,
                "max_features": 8,
                "num_down_blocks": 1,
                "num_bottleneck_blocks": 1,
                "estimate_occlusion_map": True,
                "dense_motion_params": dict(hourglass),
            },
            "discriminator_params": {
                "block_expansion": 4,
                "max_features": 8,
                "num_blocks": 2,
                "sn": True,
                "use_kp": True,
            },
        },
        "train_params": {
            "num_epochs": 4,
            "num_repeats": 4,
            "batch_size": 2,
            "epoch_milestones": [3],
            "scales": [1, 0.5],
            "checkpoint_freq": 2,
            "loss_weights": {
                "reconstruction": 10,
                "equivariance_value": 10,
                "equivariance_jacobian": 10,
                "generator_gan": 1,
                "discriminator_gan": 1,
                "feature_matching": [10, 10],
            },
        },
        "monitor_params": {
            "monitor_path": str(logs),
            "monitor_freq": 5,
            "visualize_freq": 20,
        },
    }


@pytest.fixture(scope="session")
def first_epoch(needs_backend, videos, tmp_path_factory):
    """Log directory of a finished training of one epoch and one checkpoint, to be copied."""
    folder = tmp_path_factory.mktemp("first")
    settings = make_settings(videos, folder)
    settings["train_params"]["num_epochs"] = 1
    train_in(folder, settings, "--keep", 1)
    return folder / "log"


@pytest.fixture(scope="session")
def unbroken(videos, tmp_path_factory):
    """Train two epochs of twelve steps without a break, once for each backend and number of ranks.

    Returns ``config.yaml`` and ``log`` in a folder. The second epoch is slower; each step is
    logged; averages are exported, with statistics of their own.
    """

    @cache
    def train(backend, ranks=1):
        pytest.importorskip(backend)
        folder = tmp_path_factory.mktemp(f"{backend}{ranks}")
        settings = make_settings(videos, folder)
        settings["monitor_params"]["monitor_freq"] = 1
        settings["train_params"].update(num_epochs=2, epoch_milestones=[1], num_repeats=4 * ranks)
        settings["train_params"].update(averaging_decay=0.9, statistics_batches=3)
        train_in(folder, settings, "--workers", 1, "--backend", backend, ranks=ranks)
        return folder

    return train


@pytest.fixture(scope="session")
def backend(needs_backend):
    """A backend that is installed."""
    return "torch" if find_spec("nnabla") is None else "nnabla"


def train_in(folder, settings, *options, ranks=1):
    """Train in ``log``, with the configuration that is written beside it."""
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    words = ("train", "--config", folder / "config.yaml", "--out", folder / "log", *options)
    code, _, err = Program(["-m", "fomm_core.cli.main", *words], ranks).finish()
    assert code == 0, err


@pytest.fixture
def trained(first_epoch, tmp_path):
    """Log directory of a finished training of one epoch and one checkpoint."""
    return Path(shutil.copytree(first_epoch, tmp_path / "log"))


@pytest.fixture
def write_config(tmp_path):
    def write(settings, name="config.yaml"):
        path = tmp_path / name
        path.write_text(yaml.safe_dump(settings))
        return path

    return write


def launch(launcher, ranks):
    """The words before a program that start it as so many ranks."""
    if ranks == 1:
        return []
    if launcher == "mpirun":
        return [mpirun_or_skip(), "-n", str(ranks)]
    pytest.importorskip("torch")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--no-python"]
    return [*torchrun, "--nproc-per-node", str(ranks)]


class Program:
    """A Python program as a process group of its own."""

    def __init__(self, arguments, ranks=1, launcher="mpirun", file_size=None):
        self.process = subprocess.Popen(
            [*launch(launcher, ranks), sys.executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=None if file_size is None else lambda: _limit(file_size),
        )

    def finish(self, timeout=TIMEOUT_SECONDS):
        """Wait for the end; (exit code, stdout, stderr)."""
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode, out, err

    def kill(self):
        """SIGKILL for all processes of the group; ranks end when their launcher is gone."""
        with suppress(ProcessLookupError, psutil.NoSuchProcess):  # it has ended by itself
            others = psutil.Process(self.process.pid).children(recursive=True)
            os.killpg(self.process.pid, signal.SIGKILL)
            wait_until(lambda: not any(map(runs, others)), "what was killed goes on")
        self.process.communicate()


def runs(process):
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, problem):
    """Wait for something that may take long on a busy machine."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, problem
        time.sleep(0.002)


def _limit(file_size):
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))


@pytest.fixture
def start(needs_backend):
    """Start a script, or with a command's name in front ``fomm``."""
    started = []

    def run(first, *arguments, **options):
        module = [] if isinstance(first, Path) else ["-m", "fomm_core.cli.main"]
        started.append(Program([*module, first, *arguments], **options))
        return started[-1]

    yield run
    for program in started:
        if program.process.poll() is None:
            program.kill()


@pytest.fixture
def fomm(start):
    """Run a program to its end; (exit code, stdout, stderr)."""

    def run(*arguments, timeout=TIMEOUT_SECONDS, **options):
        return start(*arguments, **options).finish(timeout)

    return run


@pytest.fixture
def succeed(fomm):
    """Run a program that must end well; its stdout."""

    def run(*arguments, **options):
        code, out, err = fomm(*arguments, **options)
        assert code == 0, err
        return out

    return run


@pytest.fixture
def wait_for_step():
    """Wait until the log of a running training has reached a step."""

    def wait(program, log, step):
        def is_reached():
            ended = program.process.poll() is not None
            reached = _steps_logged(log) >= step
            assert reached or not ended, program.process.communicate()
            return reached

        wait_until(is_reached, "the training does not get on")

    return wait


def _steps_logged(log):
    try:
        lines = (log / "total_generator.series.txt").read_text().splitlines()
    except FileNotFoundError:
        return 0
    numbers = [line.split()[0] for line in lines if re.fullmatch(r"\d+ \S+", line)]
    return int(numbers[-1]) + 1 if numbers else 0
