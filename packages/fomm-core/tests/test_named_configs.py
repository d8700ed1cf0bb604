"""``--config NAME`` of the commands: names that installed packages bring along."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from fomm_core.cli.param_types import ConfigFile
from fomm_core.config import named
from fomm_core.errors import ConfigError

pytestmark = pytest.mark.once

BROKEN = EntryPoint("broken", "fomm_no_such_module:FOLDER", named.CONFIG_GROUP)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Let a package bring along configurations of these names; the current folder is empty."""
    brought, here = tmp_path / "brought", tmp_path / "here"

    def put(*names: str) -> Path:
        for folder in (brought, here):
            folder.mkdir()
        for name in names:
            (brought / f"{name}.yaml").touch()
        monkeypatch.setattr(named, "brought", brought, raising=False)
        own = EntryPoint("own", "fomm_core.config.named:brought", named.CONFIG_GROUP)
        monkeypatch.setattr(named, "entry_points", lambda group: (BROKEN, own) if names else ())
        monkeypatch.chdir(here)
        return brought

    return put


def convert(text: str) -> Path:
    return ConfigFile().convert(text, None, None)


def test_a_name_is_the_file_of_an_installed_package(install, caplog):
    folder = install("vox-256", "avatar-64")
    assert list(named.installed_configs()) == ["avatar-64", "vox-256"]
    assert convert("vox-256") == folder / "vox-256.yaml"
    assert "configurations of broken: left out: ModuleNotFoundError" in caplog.text


def test_a_file_comes_before_a_name(install):
    install("vox-256")
    Path("vox-256").touch()
    assert convert("vox-256") == Path("vox-256")


@pytest.mark.parametrize("path", ["vox-256.yaml", "configs/vox-256"])
def test_what_looks_like_a_path_stays_one(install, path):
    install("vox-256")
    assert convert(path) == Path(path)


def test_another_name_is_refused_with_all_that_there_are(install):
    install("vox-256", "avatar-64")
    with pytest.raises(ConfigError) as refused:
        convert("vox-265")
    assert str(refused.value) == (
        "--config vox-265: expected a file, or one of avatar-64, vox-256; found neither; "
        "did you mean vox-256?"
    )


def test_where_no_package_brings_any_the_one_to_install_is_named(install):
    install()
    with pytest.raises(ConfigError, match="pip install fomm-train"):
        convert("vox-256")


def test_every_command_with_a_configuration_takes_names():
    from fomm_core.cli import animate, bench, convert, export, live

    for module in (animate, bench, convert, export, live):
        (option,) = [p for p in module.command.params if p.name == "config"]
        assert isinstance(option, click.Option)
        assert isinstance(option.type, ConfigFile)
