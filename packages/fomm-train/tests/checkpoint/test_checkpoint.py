import errno
from dataclasses import replace

import numpy as np
import pytest

from fomm_core.errors import OutputError, ParameterError
from fomm_train.backend.precision import Arithmetic, LossScale
from fomm_train.backend.solvers import Moments, Network
from fomm_train.checkpoint import (
    CheckpointFolder,
    PendingMean,
    Progress,
    TrainingState,
    load_state,
    save_state,
)
from fomm_train.errors import TrainingError
from fomm_train.graph.averaging import Averages


def make_state(step=7):
    rng = np.random.default_rng(step)
    weights = rng.normal(size=(2, 3)).astype(np.float32)
    moments = Moments(weights * 2, weights**2, step)
    return TrainingState(
        Progress(step, steps_per_epoch=5, global_batch=4),
        {"generator/conv/W": weights, "generator/bn/mean": weights[:1]},
        {Network.GENERATOR: {"generator/conv/W": moments}},
        {"perceptual": PendingMean(3.5, 2)},
        LossScale(8.0, 3),
        Arithmetic("half", channel_last=True),
        Averages({"generator/conv/W": weights / 3}, updates=step),
    )


def test_a_state_is_read_back_bit_for_bit(tmp_path):
    state = make_state()
    save_state(tmp_path / "c.npz", state)
    found = load_state(tmp_path / "c.npz")
    assert found.progress == state.progress
    assert (found.progress.epoch, found.progress.batch) == (1, 2)
    assert list(found.parameters) == list(state.parameters)
    for name, value in state.parameters.items():
        np.testing.assert_array_equal(found.parameters[name], value)
    expected = state.solvers[Network.GENERATOR]["generator/conv/W"]
    moments = found.solvers[Network.GENERATOR]["generator/conv/W"]
    np.testing.assert_array_equal(moments.mean, expected.mean)
    np.testing.assert_array_equal(moments.variance, expected.variance)
    assert moments.steps == expected.steps
    assert found.series == state.series
    assert found.loss_scale == state.loss_scale
    assert found.arithmetic == state.arithmetic
    assert found.averages.updates == state.averages.updates
    assert list(found.averages.values) == list(state.averages.values)
    for name, value in state.averages.values.items():
        np.testing.assert_array_equal(found.averages.values[name], value)


def test_a_state_may_be_without_averages(tmp_path):
    save_state(tmp_path / "c.npz", replace(make_state(), averages=None))
    assert load_state(tmp_path / "c.npz").averages is None


def test_the_newest_are_kept(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=2)
    for step in (5, 10, 15):
        folder.save(make_state(step))
    assert [path.name for path in folder.paths()] == [
        "checkpoint_000000015.npz",
        "checkpoint_000000010.npz",
    ]
    assert folder.newest().progress.step == 15


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_torn_checkpoint_gives_way_to_the_one_before(tmp_path, share):
    folder = CheckpointFolder(tmp_path)
    folder.save(make_state(5))
    torn = folder.save(make_state(10))
    content = torn.read_bytes()
    torn.write_bytes(content[: int(share * len(content))])
    assert folder.newest().progress.step == 5


def test_damaged_checkpoints_do_not_take_the_place_of_good_ones(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=1)
    good = folder.save(make_state(90))
    damaged = tmp_path / "checkpoint_000000100.npz"
    damaged.write_bytes(good.read_bytes()[:100])
    folder.clear_after(folder.newest().progress.step)
    assert folder.paths() == [good]
    newer = folder.save(make_state(95))
    assert folder.paths() == [newer]
    assert folder.newest().progress.step == 95


def test_a_flipped_byte_is_found(tmp_path):
    save_state(tmp_path / "c.npz", make_state())
    content = bytearray((tmp_path / "c.npz").read_bytes())
    place = content.find(make_state().parameters["generator/conv/W"].tobytes())
    content[place] ^= 1
    (tmp_path / "c.npz").write_bytes(content)
    with pytest.raises(ParameterError, match="damaged"):
        load_state(tmp_path / "c.npz")


def test_a_full_disk_leaves_the_last_good_one(tmp_path, monkeypatch):
    folder = CheckpointFolder(tmp_path, keep=1)
    folder.save(make_state(5))

    def full(file, **arrays):
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match="No space left"):
        folder.save(make_state(10))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_000000005.npz"]
    assert folder.newest().progress.step == 5


def test_what_a_kill_left_behind_is_removed(tmp_path):
    folder = CheckpointFolder(tmp_path)
    (tmp_path / ".checkpoint_000000005-0a1b2c3d.part.npz").write_bytes(b"torn")
    assert folder.paths() == []
    folder.clear_after(5)
    assert list(tmp_path.iterdir()) == []


def test_no_checkpoint_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="no readable one"):
        CheckpointFolder(tmp_path).newest()
