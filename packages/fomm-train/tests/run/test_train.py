"""Training from Python, in the process of the tests."""

import pytest

from fomm_core.config import Config
from fomm_train import CheckpointPolicy, TrainingError, TrainOptions, resume, train
from fomm_train.config import parse_train_config

OPTIONS = TrainOptions(workers=0, keeping=CheckpointPolicy(keep=1), quiet=True)


@pytest.fixture
def config(needs_backend, settings):
    settings["train_params"].update(num_epochs=1, epoch_milestones=[])
    return parse_train_config(settings)


def test_a_training_is_finished_and_goes_on_with_more_epochs(config, tmp_path):
    log = tmp_path / "log"
    result = train(config, log, context="cpu", options=OPTIONS)
    assert (result.is_complete, result.reason, result.log_directory) == (True, "", log)
    assert result.progress.step == 12
    assert (log / "params_at_epoch_0.h5").is_file()

    info = log / "training_info.yaml"
    info.write_text(info.read_text().replace("num_epochs: 1", "num_epochs: 2"))
    more = resume(str(log), context="cpu", options=OPTIONS)
    assert more.is_complete
    assert more.progress.step == 24
    assert len(list((log / "checkpoints").iterdir())) == 1


def test_it_begins_with_given_parameters_at_a_given_epoch(config, tmp_path):
    train(config, tmp_path / "one", context="cpu", options=OPTIONS)
    parameters = tmp_path / "one" / "params_at_epoch_0.h5"
    with pytest.raises(TrainingError, match=r"expected one before 1 .* found 1"):
        train(config, tmp_path / "two", ft_params=parameters, start_epoch=1, context="cpu")
    done = train(config, tmp_path / "two", ft_params=parameters, context="cpu", options=OPTIONS)
    assert done.progress.step == 12


def test_a_configuration_of_networks_alone_is_refused(config):
    with pytest.raises(TrainingError, match=r"expected a TrainConfig, .* found Config"):
        train(Config(model_params=config.model_params.model_dump(exclude={"discriminator_params"})))


def test_an_epoch_to_start_at_wants_parameters(config, tmp_path):
    with pytest.raises(TrainingError, match="start_epoch: expected ft_params with it"):
        train(config, tmp_path, start_epoch=3)


@pytest.mark.parametrize(
    "options", [{"workers": -1}, {"max_minutes": 0}, {"max_minutes": float("nan")}]
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(TrainingError, match=r"expected .*, found"):
        TrainOptions(**options)


def test_a_folder_with_a_training_is_refused(config, tmp_path):
    (tmp_path / "training_info.yaml").touch()
    with pytest.raises(TrainingError, match="expected a new log directory"):
        train(config, str(tmp_path), context="cpu")
