"""Finding and loading the commands that the installed packages offer."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions, entry_points
from typing import cast

import click

from fomm_core.errors import FommError
from fomm_core.utils.entry_points import BrokenEntryPointError, load_entry_point

COMMAND_GROUP = "fomm.commands"
"""The entry-point group in which packages name their commands."""

OTHER_PACKAGES = {
    "avatars": "fomm-train",
    "demo": "fomm-demo",
    "evaluate": "fomm-eval",
    "heads": "fomm-train",
    "prepare": "fomm-train",
    "reconstruct": "fomm-eval",
    "train": "fomm-train",
    "vgg19": "fomm-train",
}
"""Commands of this project's other packages, for those who have not installed them."""

_OWN_PACKAGE = "fomm_core"


class BrokenCommandError(FommError):
    """A command whose module cannot be imported.

    Attributes:
        reason: why, in one line.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the command '{name}' is broken: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Plugin:
    """A command by name, not yet imported.

    Attributes:
        name: the name on the command line.
        entry_point: where the click command is found.
    """

    name: str
    entry_point: EntryPoint

    @property
    def package(self) -> str:
        """The import name of the package that offers the command."""
        return self.entry_point.module.partition(".")[0]

    def load(self) -> click.Command:
        """Import the command.

        Raises:
            BrokenCommandError: the import fails, whatever the cause, or what is found is
                not a click command.
        """
        try:
            return load_entry_point(self.entry_point, click.Command, "a click command")
        except BrokenEntryPointError as error:
            raise BrokenCommandError(self.name, str(error)) from error


def find_plugins() -> dict[str, Plugin]:
    """All commands of the installed packages by name, in alphabetical order.

    Where two packages offer one name, fomm-core's command stays.
    """
    found: dict[str, Plugin] = {}
    for entry_point in entry_points(group=COMMAND_GROUP):
        plugin = Plugin(entry_point.name, entry_point)
        if plugin.name not in found or plugin.package == _OWN_PACKAGE:
            found[plugin.name] = plugin
    return dict(sorted(found.items()))


def installed_packages() -> dict[str, str]:
    """The versions of all installed packages of the project, by distribution name."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = cast("str | None", distribution.metadata["Name"])
        if name is not None and name.startswith("fomm-"):
            found.setdefault(name, distribution.version)
    return dict(sorted(found.items()))
