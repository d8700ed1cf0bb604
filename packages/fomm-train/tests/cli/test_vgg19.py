from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

import pytest
from click.testing import CliRunner

from fomm_core.errors import OutputError, ParameterError
from fomm_train.cli.vgg19 import command
from fomm_train.losses import vgg19_weights


def convert(*arguments):
    return CliRunner().invoke(command, ["convert", *arguments], catch_exceptions=False)


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
