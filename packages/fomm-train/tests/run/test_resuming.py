"""Interrupted trainings, in real processes, go on exactly."""

import os
import re
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from fomm_core.model.parameters import load_parameters
from fomm_train.backend.precision import Arithmetic
from fomm_train.checkpoint import CheckpointFolder

LAST = "params_at_epoch_1.h5"


def series(log):
    return {path.name: path.read_text() for path in sorted(log.glob("*.series.txt"))}


@pytest.fixture
def settings(settings):
    """More epochs than anybody waits for."""
    settings["train_params"].update(num_epochs=1000, epoch_milestones=[])
    return settings


def assert_same_training(one, other):
    assert series(one) == series(other)
    expected, found = load_parameters(one / LAST), load_parameters(other / LAST)
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("backend", "ranks"),
    [
        ("nnabla", 1),
        ("torch", 1),
        pytest.param("nnabla", 2, marks=pytest.mark.mpi),
        pytest.param("torch", 2, marks=pytest.mark.mpi),
    ],
)
def test_killed_and_resumed_equals_unbroken(
    unbroken, tmp_path, backend, ranks, start, succeed, wait_for_step
):
    whole, log = unbroken(backend, ranks), tmp_path / "broken"
    options = ("--workers", 1, "--save-minutes", 0.002, "--backend", backend)
    begin = ("--config", whole / "config.yaml", "--out", log)
    random = np.random.default_rng(ranks)
    for until in (int(random.integers(3, 10)), int(random.integers(13, 22))):
        program = start("train", *begin, *options, ranks=ranks)
        wait_for_step(program, log, until)
        time.sleep(random.random() * 0.05)
        program.kill()
        begin = ("--resume", log)
    succeed("train", *begin, *options, ranks=ranks)
    assert_same_training(whole / "log", log)


@pytest.mark.once
def test_what_was_killed_before_its_first_checkpoint_begins_anew(
    unbroken, backend, tmp_path, start, succeed, wait_for_step
):
    whole, log = unbroken(backend), tmp_path / "broken"
    config = whole / "config.yaml"
    program = start("train", "--config", config, "--out", log, "--backend", backend)
    wait_for_step(program, log, 3)
    program.kill()
    assert "with the checkpoint of step 0" in succeed("train", "--resume", log)
    assert_same_training(whole / "log", log)


@pytest.mark.once
def test_what_computes_stays_the_same(trained, fomm):
    folder = CheckpointFolder(trained / "checkpoints")
    folder.save(replace(folder.newest(), arithmetic=Arithmetic("half")))
    code, _, err = fomm("train", "--resume", trained, "--context", "cpu")
    assert code == 2
    assert "--type-config half: expected --context cudnn (a GPU), found cpu" in err


@pytest.mark.parametrize(
    ("number", "ranks"),
    [
        pytest.param(signal.SIGTERM, 2, marks=pytest.mark.mpi),
        pytest.param(signal.SIGINT, 1, marks=pytest.mark.once),
    ],
)
def test_signals_save_and_end_well(
    settings, write_config, tmp_path, number, ranks, start, succeed, wait_for_step
):
    config, log = write_config(settings), tmp_path / "broken"
    program = start("train", "--config", config, "--out", log, "--workers", 1, ranks=ranks)
    wait_for_step(program, log, 10)
    os.kill(program.process.pid, number)
    code, out, err = program.finish()
    assert code == 0, err
    assert f"stopped ({number.name}) and saved" in out
    assert "Traceback" not in err
    done = int(re.search(r"saved: (\d+) steps", out)[1])
    assert done >= 10
    latest = log / "params_latest.h5"
    assert latest.is_file()
    assert f"saved_parameters: {latest}" in (log / "training_info.yaml").read_text()
    out = succeed("train", "--resume", log, "--max-minutes", 0.001, ranks=ranks)
    assert f"with the checkpoint of step {done}" in out


@pytest.mark.once
def test_the_time_limit_saves_and_ends_well(settings, write_config, tmp_path, succeed):
    config, log = write_config(settings), tmp_path / "log"
    out = succeed("train", "--config", config, "--out", log, "--max-minutes", 0.02)
    assert "stopped (--max-minutes) and saved" in out
    assert list((log / "checkpoints").iterdir()) != []
    assert (log / "params_latest.h5").is_file()


def test_what_is_exported_is_averaged_and_has_statistics_of_its_own(unbroken, backend):
    log = unbroken(backend) / "log"
    state = CheckpointFolder(log / "checkpoints").newest()
    exported = load_parameters(log / "params_at_epoch_1.h5")
    assert state.averages.updates == 24
    for name, value in exported.items():
        own = state.averages.values.get(name, state.parameters[name])
        is_own = not name.endswith(("/bn/mean", "/bn/var"))
        assert (value == own).all() == is_own, name


@pytest.mark.once
def test_another_batch_size_is_refused(trained, fomm):
    info = trained / "training_info.yaml"
    info.write_text(info.read_text().replace("batch_size: 2", "batch_size: 3"))
    code, _, err = fomm("train", "--resume", trained)
    assert code == 2
    assert "expected 2 samples a step over all ranks, found 3" in err


@pytest.mark.once
def test_a_finished_training_goes_on_when_it_is_given_more_epochs(trained, succeed):
    info = trained / "training_info.yaml"
    info.write_text(info.read_text().replace("num_epochs: 1", "num_epochs: 2"))
    assert "trained: 24 steps" in succeed("train", "--resume", trained)
    assert (trained / "params_at_epoch_1.h5").is_file()


@pytest.mark.once
def test_a_folder_without_training_is_refused(tmp_path, fomm):
    code, _, err = fomm("train", "--resume", tmp_path)
    assert code == 2
    assert err.strip().startswith(f"fomm: error: --resume {tmp_path}: expected a log directory")
    assert len(err.strip().splitlines()) == 1
