from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from fomm_core.cli.convert import command
from fomm_core.errors import ConfigError, OutputError, ParameterError
from fomm_core.model.parameters import load_parameters


def convert(*arguments):
    """Run the command; errors come out as they are raised."""
    return CliRunner().invoke(
        command,
        [str(argument) for argument in arguments],
        catch_exceptions=False,
        standalone_mode=False,
    )


def convert_failing(*arguments):
    result = CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)
    assert result.exception is not None
    return result.exception


@pytest.fixture
def needs_torch():
    pytest.importorskip("torch")


def test_there_and_back(needs_torch, mini, tmp_path):
    config = mini / "config.yaml"
    checkpoint = mini / "torch_checkpoint_legacy.pth.tar"
    result = convert(checkpoint, tmp_path / "a.h5", "--config", config)
    assert result.output == (
        f"{tmp_path / 'a.h5'}: 152 parameters of kp_detector, generator, discriminator\n"
    )
    for ending in (".pth.tar", ".pth", ".pt", ".TAR"):
        convert(tmp_path / "a.h5", tmp_path / f"b{ending}", "--config", config)
        convert(tmp_path / f"b{ending}", tmp_path / "c.h5", "--config", config, "--force")
        assert (tmp_path / "c.h5").read_bytes() == (tmp_path / "a.h5").read_bytes()


def test_half_precision(needs_torch, mini, tmp_path):
    arguments = (mini / "torch_checkpoint_zip.pth.tar", "--config", mini / "config.yaml")
    convert(*arguments, tmp_path / "full.h5")
    convert(*arguments, tmp_path / "half.h5", "--half")
    full, half = (load_parameters(tmp_path / name) for name in ("full.h5", "half.h5"))
    for name, value in full.items():
        assert np.array_equal(half[name], value.astype(np.float16).astype(np.float32))


def test_an_existing_file_is_kept_unless_forced(needs_torch, mini, tmp_path):
    target = tmp_path / "a.h5"
    target.write_bytes(b"precious")
    arguments = (mini / "torch_checkpoint_zip.pth.tar", target, "--config", mini / "config.yaml")
    error = convert_failing(*arguments)
    assert isinstance(error, OutputError)
    assert str(error) == f"{target}: exists already; --force replaces it"
    assert target.read_bytes() == b"precious"
    convert(*arguments, "--force")
    assert len(load_parameters(target)) == 152


@pytest.mark.parametrize(
    ("source", "target"), [("a.h5", "b.h5"), ("a.pth", "b.pt"), ("a.pth.tar", "b"), ("a", "b.h5")]
)
def test_endings_that_do_not_tell_the_direction(tmp_path, source, target):
    error = convert_failing(tmp_path / source, tmp_path / target, "--config", "c.yaml")
    assert isinstance(error, ParameterError)
    assert str(error).endswith(f"found {source} and {target}")


def test_half_precision_is_for_nnabla_files_only(tmp_path):
    error = convert_failing("a.h5", tmp_path / "b.pth", "--config", "c.yaml", "--half")
    assert isinstance(error, ParameterError)
    assert "--half: expected an .h5 file to write" in str(error)


def test_a_missing_configuration_is_named(tmp_path):
    error = convert_failing("a.pth", tmp_path / "b.h5", "--config", tmp_path / "none.yaml")
    assert isinstance(error, ConfigError)
    assert "none.yaml" in str(error)


def test_help_shows_examples_line_by_line():
    lines = CliRunner().invoke(command, ["--help"]).output.splitlines()
    assert "    fomm convert vox-cpk.pth.tar params.h5 --config vox-256.yaml" in lines
