"""Trainings that cannot go on say why, and leave what they had."""

from pathlib import Path

import pytest

from fomm_train.checkpoint import load_state

HERE = Path(__file__).parent


def test_nan_stops_with_step_losses_and_checkpoint(trained, fomm):
    info = trained / "training_info.yaml"
    text = info.read_text().replace("num_epochs: 1", "num_epochs: 2")
    info.write_text(text.replace("reconstruction: 10.0", "reconstruction: 1.0e+39"))
    code, _, err = fomm("train", "--resume", trained)
    assert code == 2
    assert "step 13 (epoch 1): expected finite losses, found total_generator inf" in err
    assert "reconstruction inf" in err
    assert f"last good checkpoint: {trained / 'checkpoints/checkpoint_000000012.npz'}" in err
    assert len(err.strip().splitlines()) == 1


def test_broken_parameters_are_never_saved(needs_nnabla, settings, write_config, tmp_path, fomm):
    """PyTorch's losses become NaN before its parameters do."""
    settings["train_params"]["lr_generator"] = 1e30
    log = tmp_path / "log"
    code, _, err = fomm(
        "train", "--config", write_config(settings), "--out", log, "--save-minutes", 0
    )
    assert code == 2
    assert "expected finite values, found NaN or infinite" in err
    for path in (log / "checkpoints").iterdir():
        assert load_state(path).non_finite() is None


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("backend", "kind", "code", "told"),
    [
        ("nnabla", "user", 2, "fomm: error: rank 1: video7.mp4: no frames"),
        ("nnabla", "defect", 1, "fomm: error: rank 1: unexpected RuntimeError: a defect"),
        ("torch", "defect", 1, "fomm: error: rank 1: unexpected RuntimeError: a defect"),
    ],
)
def test_a_failing_rank_ends_all_and_says_why(
    settings, write_config, tmp_path, fomm, backend, kind, code, told
):
    pytest.importorskip(backend)
    arguments = (
        HERE / "one_rank_fails.py",
        backend,
        write_config(settings),
        tmp_path / "log",
        kind,
    )
    found, _, err = fomm(*arguments, ranks=2)
    assert found == code
    assert told in err
    assert ("Traceback" in err) == (kind == "defect")


@pytest.mark.mpi
def test_a_failing_rank_ends_all_below_torchrun_too(settings, write_config, tmp_path, fomm):
    arguments = (HERE / "one_rank_fails.py", "torch", write_config(settings), tmp_path / "log")
    found, _, err = fomm(*arguments, "user", ranks=2, launcher="torchrun")
    assert found == 1  # torchrun's own
    assert "fomm: error: rank 1: video7.mp4: no frames" in err
    assert "unexpected" not in err


@pytest.mark.once
@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.mpi)])
def test_data_without_truth_are_refused_before_anything_is_written(
    settings, write_config, tmp_path, fomm, ranks
):
    settings["train_params"]["region_weight"] = 5
    log = tmp_path / "log"
    code, _, err = fomm("train", "--config", write_config(settings), "--out", log, ranks=ranks)
    assert code == 2
    assert "need a data set that knows the truth (dataset_params.avatars" in err
    assert err.count("fomm: error:") == 1
    assert not log.exists()


@pytest.mark.mpi
def test_an_error_of_all_ranks_is_told_once(settings, write_config, tmp_path, fomm):
    settings["dataset_params"]["root_dir"] = str(tmp_path / "nothing")
    code, _, err = fomm("train", "--config", write_config(settings), ranks=2)
    assert code == 2
    assert err.count("fomm: error:") == 1


@pytest.mark.once
def test_a_full_disk_leaves_a_checkpoint_to_go_on_from(trained, fomm, succeed):
    info = trained / "training_info.yaml"
    info.write_text(info.read_text().replace("num_epochs: 1", "num_epochs: 2"))
    (good,) = (trained / "checkpoints").iterdir()
    content = good.read_bytes()

    limit = len(content) // 2
    code, _, err = fomm("train", "--resume", trained, "--save-minutes", 0, file_size=limit)
    assert code == 2
    assert "cannot be written" in err
    assert f"last good checkpoint: {good}" in err
    assert list((trained / "checkpoints").iterdir()) == [good]
    assert good.read_bytes() == content
    assert "trained: 24 steps" in succeed("train", "--resume", trained)
