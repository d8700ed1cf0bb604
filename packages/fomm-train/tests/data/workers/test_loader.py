from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import time
from itertools import chain, repeat
from types import SimpleNamespace

import numpy as np
import pytest

from fomm_core.errors import ConfigError, MediaError
from fomm_train.config import AugmentationParams, FlipParams, JitterParams
from fomm_train.data.pairs import VideoPairs
from fomm_train.data.workers.loader import BatchLoader, _BatchStream
from fomm_train.errors import TrainingError

SIZE = (24, 32)
PATIENCE = 240  # seconds until something that should happen is taken not to
AUGMENTATION = AugmentationParams(
    flip_param=FlipParams(horizontal_flip=True, time_flip=True),
    jitter_param=JitterParams(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.1),
)


@pytest.fixture
def pairs(videos):
    chosen = [videos[kind] for kind in ("short groups", "gif", "pictures", "variable rate")]
    return VideoPairs(chosen, SIZE, repeats=3, seed=5, augmentation=AUGMENTATION)


def content(batch):
    return batch.sample_ids.tolist(), batch.source.tobytes(), batch.driving.tobytes()


@pytest.fixture
def expected(pairs):
    """Three epochs of four batches, made in this process."""
    with BatchLoader(pairs, 3, seed=9, workers=0) as loader:
        return [[content(batch) for batch in loader.epoch(epoch)] for epoch in range(3)]


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_are_the_same_however_many_workers(pairs, expected, workers, workers_alive):
    with BatchLoader(pairs, 3, seed=9, workers=workers) as loader:
        found = [[content(batch) for batch in loader.epoch(epoch)] for epoch in range(3)]
        assert len(workers_alive()) == workers
    assert found == expected
    assert workers_alive() == []


def test_batches_hold_what_is_promised(pairs):
    with BatchLoader(pairs, 3, workers=1) as loader:
        assert loader.batches_per_epoch == 4
        batch = next(iter(loader.epoch(0)))
    assert len(batch) == 3
    for frames in (batch.source, batch.driving):
        assert frames.shape == (3, 3, *SIZE)
        assert frames.dtype == np.float32
    assert batch.target is batch.driving
    assert batch.truth is None


@pytest.mark.parametrize("workers", [0, 2])
def test_any_place_can_be_entered(pairs, expected, workers):
    with BatchLoader(pairs, 3, seed=9, workers=workers) as loader:
        for epoch, start in ((2, 1), (0, 3), (1, 0), (0, 0), (0, 4)):
            found = [content(batch) for batch in loader.epoch(epoch, start)]
            assert found == expected[epoch][start:]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_can_be_left_early(pairs, expected, workers):
    with BatchLoader(pairs, 3, seed=9, workers=workers) as loader:
        batches = loader.epoch(0)
        assert content(next(batches)) == expected[0][0]
        batches.close()
        assert content(next(loader.epoch(0, 1))) == expected[0][1]
        assert content(next(loader.epoch(2, 2))) == expected[2][2]


@pytest.mark.parametrize("workers", [0, 1])
def test_ranks_share_the_batches_of_one(pairs, expected, workers):
    ranks = [BatchLoader(pairs, 1, rank, 3, 9, workers) for rank in range(3)]
    for number, parts in enumerate(zip(*(loader.epoch(1) for loader in ranks), strict=True)):
        ids, source, driving = expected[1][number]
        assert [int(part.sample_ids[0]) for part in parts] == ids
        assert b"".join(part.source.tobytes() for part in parts) == source
        assert b"".join(part.driving.tobytes() for part in parts) == driving
    for loader in ranks:
        loader.close()


def test_the_start_lies_within_the_epoch(pairs):
    loader = BatchLoader(pairs, 3, workers=0)
    for start in (-1, 5):
        with pytest.raises(ValueError, match=r"start: expected 0 \.\. 4"):
            loader.epoch(0, start)


def test_a_data_set_that_is_too_small(pairs):
    with pytest.raises(ConfigError, match="found 4 on each of 4"):
        BatchLoader(pairs, 4, 0, 4)


@pytest.mark.parametrize("workers", [0, 2])
def test_broken_videos_are_named_once(videos, broken_videos, workers, caplog):
    chosen = [videos["short groups"], videos["gif"], *broken_videos.values()]
    with BatchLoader(VideoPairs(chosen, SIZE, repeats=2), 2, workers=workers) as loader:
        with caplog.at_level(logging.WARNING, "fomm_train"):
            assert sum(1 for epoch in range(2) for _ in loader.epoch(epoch)) == 14
        assert set(loader.skipped) == set(broken_videos.values())
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 5
    for video in broken_videos.values():
        assert sum(str(video) in text for text in warnings) == 1
    assert warnings[-1].endswith("(5 skipped so far)")


@pytest.mark.parametrize("workers", [0, 2])
def test_nothing_but_broken_videos(broken_videos, workers, workers_alive):
    pairs = VideoPairs(list(broken_videos.values()), SIZE)
    loader = BatchLoader(pairs, 2, workers=workers)
    with pytest.raises(MediaError, match="found 5 that cannot"):
        next(loader.epoch(0))
    assert workers_alive() == []


def test_the_epoch_after_a_worker_died_has_new_ones(pairs, expected, workers_alive):
    with BatchLoader(pairs, 3, seed=9, workers=2) as loader:
        batches = loader.epoch(0)
        next(batches)
        for child in workers_alive():
            os.kill(child, signal.SIGKILL)
        with pytest.raises(TrainingError, match=r"data worker \d: .*exit code -9"):
            list(batches) + list(loader.epoch(1)) + list(loader.epoch(2))
        assert [content(batch) for batch in loader.epoch(0)] == expected[0]


def test_workers_end_with_an_error_of_the_training(pairs, workers_alive):
    def train():
        with BatchLoader(pairs, 3, workers=2) as loader:
            for _ in loader.epoch(0):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()
    assert workers_alive() == []


def test_workers_end_when_the_loader_is_forgotten(pairs, workers_alive):
    next(BatchLoader(pairs, 3, workers=2).epoch(0))
    gc.collect()
    assert workers_alive() == []


def test_nobody_waits_for_batches_that_nobody_wants(workers_alive, caplog):
    """However long they take: those of rendered people may take minutes."""
    order = SimpleNamespace(batches_per_epoch=9, tasks=lambda *_: chain([0], repeat(600)))
    stream = _BatchStream(time.sleep, order, 2, 1)
    stream.next(0, 0)
    assert len(workers_alive()) == 2
    stream.close()
    assert workers_alive() == []
    assert caplog.messages == []


def test_waiting_is_counted(pairs):
    with BatchLoader(pairs, 3, workers=0) as loader:
        began = time.perf_counter()
        list(loader.epoch(0))
        assert 0 < loader.wait_seconds <= time.perf_counter() - began


SCRIPT = """
import os, psutil, sys, time
from pathlib import Path
from fomm_train.data.workers.loader import BatchLoader
from fomm_train.data.pairs import VideoPairs

loader = BatchLoader(VideoPairs([Path(p) for p in sys.argv[2:]], (24, 32), repeats=5), 2, workers=2)
batches = loader.epoch(0)
next(batches)
print(*(child.pid for child in psutil.Process().children()), flush=True)
if sys.argv[1] == "exit":
    sys.exit()
if sys.argv[1] == "fail":
    raise RuntimeError("on purpose")
for batch in batches:
    time.sleep(600)
"""


@pytest.fixture
def start(videos):
    """Run a training in a process of its own and tell its workers."""
    running = []

    def run(mode: str) -> tuple[subprocess.Popen[str], list[int]]:
        files = [str(videos[kind]) for kind in ("short groups", "gif")]
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, mode, *files],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process, [int(pid) for pid in process.stdout.readline().split()]

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("mode", "code", "words"), [("exit", 0, ""), ("fail", 1, "on purpose")])
def test_workers_end_with_the_process(start, mode, code, words, end_soon):
    process, workers = start(mode)
    _, errors = process.communicate(timeout=PATIENCE)
    assert len(workers) == 2
    assert process.returncode == code
    assert errors.count("Traceback") == code
    assert words in errors
    assert end_soon(workers)


def test_an_interrupt_from_the_terminal_ends_everything_quietly(start, end_soon):
    process, workers = start("wait")
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert end_soon(workers)


def test_workers_do_not_outlive_a_killed_process(start, end_soon):
    process, workers = start("wait")
    process.kill()
    process.wait()
    assert len(workers) == 2
    assert end_soon(workers)


def test_workers_load_neither_nnabla_nor_mpi(videos):
    script = "import sys, fomm_train.data.workers.loader; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "fomm_train.data.pairs" in loaded
    assert not {"nnabla", "mpi4py", "openvino", "torch", "matplotlib"} & set(loaded)
