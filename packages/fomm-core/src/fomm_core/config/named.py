"""Configurations that installed packages bring along, by name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path

from fomm_core.errors import ConfigError
from fomm_core.utils.entry_points import BrokenEntryPointError, load_entry_point

CONFIG_GROUP = "fomm.configs"
"""Entry points of this group lead to folders (:class:`~pathlib.Path`) of YAML files."""

logger = logging.getLogger(__name__)


def configs_in(folder: Path) -> dict[str, Path]:
    """The configuration files of a folder by name (``vox-256``), in alphabetical order."""
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def installed_configs() -> dict[str, Path]:
    """The configuration files of all installed packages by name; those that fail are left out."""
    found: dict[str, Path] = {}
    for point in entry_points(group=CONFIG_GROUP):
        try:
            folder = load_entry_point(point, Path, "the path of a folder")
        except BrokenEntryPointError as error:
            logger.warning("configurations of %s: left out: %s", point.name, error)
            continue
        found.update(configs_in(folder))
    return dict(sorted(found.items()))


def find_config_file(name: str, known: Mapping[str, Path]) -> Path:
    """The file of a configuration; a path that exists comes before a name.

    Args:
        name: a path, or a name.
        known: files by name.

    Raises:
        ConfigError: there is no such file and no such name; the message lists the names.
    """
    path = Path(name)
    if path.is_file():
        return path
    if name in known:
        return known[name]
    if not known:
        raise ConfigError(
            f"--config {name}: expected a file, found none; names are those of fomm-train: "
            "pip install fomm-train"
        )
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ConfigError(
        f"--config {name}: expected a file, or one of {', '.join(known)}; found neither{hint}"
    )
