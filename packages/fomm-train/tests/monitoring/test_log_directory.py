import datetime
from contextlib import suppress

import pytest

from fomm_core.errors import OutputError
from fomm_core.utils.files import atomic_path
from fomm_train.config import load_train_config
from fomm_train.configs import find_config
from fomm_train.errors import TrainingError
from fomm_train.monitoring.log_directory import (
    LogDirectory,
    epoch_of_parameters,
    new_directory,
    open_directory,
)

NOON = datetime.datetime(2026, 1, 31, 12, 0, 5)


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ("", "2026-01-31-120005"),
        ("stage one", "2026-01-31-120005-stage-one"),
        ("../../etc", "2026-01-31-120005-..-..-etc"),
        ("größer/kleiner: 3", "2026-01-31-120005-größer-kleiner-3"),
    ],
)
def test_names_tell_time_and_info(tmp_path, info, name):
    assert new_directory(tmp_path, info, NOON).path == tmp_path / name


def test_training_info_is_a_configuration_with_two_more_keys(tmp_path):
    directory = LogDirectory(tmp_path / "log")
    directory.prepare()
    config = find_config("vox-adv-256")
    directory.write_info(config)
    opened, found = open_directory(directory.path)
    assert opened == directory
    assert found == config.model_copy(update={"log_dir": str(directory.path)})
    directory.write_info(config, directory.parameters_at(4))
    told = load_train_config(directory.training_info)
    assert told.saved_parameters == str(directory.path / "params_at_epoch_4.h5")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        LogDirectory(tmp_path / "file" / "log").prepare()


def test_what_a_killed_training_has_half_written_is_removed(tmp_path):
    directory = LogDirectory(tmp_path / "log")
    directory.prepare()
    kept = [directory.parameters_at(3), directory.images / "00000001.png", tmp_path / "log" / ".x"]
    for path in kept:
        path.touch()
        with suppress(KeyboardInterrupt), atomic_path(path) as partial:
            raise KeyboardInterrupt
        partial.touch()
    directory.clear_partial()
    assert sorted(path for path in directory.path.rglob("*") if path.is_file()) == sorted(kept)


@pytest.mark.parametrize(("name", "found"), [("empty", "none in that folder"), ("gone", "no such")])
def test_what_is_no_log_directory_is_refused(tmp_path, name, found):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match=found):
        open_directory(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "epoch"),
    [
        ("params_at_epoch_99.h5", 99),
        ("params_at_epoch_0.h5", 0),
        ("params_latest.h5", None),
        ("params_at_epoch_9.h5.bak", None),
        ("my_params_at_epoch_9.h5", None),
    ],
)
def test_the_epoch_in_a_name(tmp_path, name, epoch):
    assert epoch_of_parameters(tmp_path / name) == epoch
