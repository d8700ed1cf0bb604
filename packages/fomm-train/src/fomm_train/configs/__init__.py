"""The configurations of this folder, which come with the package, by name.

fomm-core's commands find them by the entry point of the group ``fomm.configs``.
"""

from __future__ import annotations

from pathlib import Path

from fomm_core.config import named
from fomm_train.config import TrainConfig, load_train_config

FOLDER = Path(__file__).parent
"""Where they lie."""


def recipes() -> dict[str, Path]:
    """The configuration files by name (``vox-256``), in alphabetical order."""
    return named.configs_in(FOLDER)


def describe(path: Path) -> str:
    """The first line of a configuration file, which says what it is for."""
    return path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def find_config(name: str) -> TrainConfig:
    """Load a configuration by its path, or by the name of one that comes with the package.

    Raises:
        ConfigError: there is none, or it cannot work.
    """
    return load_train_config(find_config_file(name))


def find_config_file(name: str) -> Path:
    """The file of a configuration; a path that exists comes before a name.

    Raises:
        ConfigError: there is no such file and no such name.
    """
    return named.find_config_file(name, recipes())
