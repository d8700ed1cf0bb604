"""The configurations of this folder, which come with the package, by name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from fomm_core.errors import ConfigError
from fomm_train.config import TrainConfig, load_train_config

_FOLDER = Path(__file__).parent


def recipes() -> dict[str, Path]:
    """The configuration files by name (``vox-256``), in alphabetical order."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}


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
    path, known = Path(name), recipes()
    if path.is_file():
        return path
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ConfigError(
        f"--config {name}: expected a file, or one of {', '.join(known)}; found neither{hint}"
    )
