"""The packages of this repository, as the other tools know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """One of the packages, as it lies in the repository.

    Attributes:
        folder: the package's folder; its name is the name of the distribution.
    """

    folder: Path

    @property
    def name(self) -> str:
        """The distribution's name, such as ``fomm-core``."""
        return self.folder.name

    @property
    def source(self) -> Path:
        """The folder of the import package."""
        return self.folder / "src" / self.name.replace("-", "_")

    @property
    def version(self) -> str:
        """The version in ``_version.py``.

        Raises:
            ValueError: the file does not hold one.
        """
        path = self.source / "_version.py"
        found = _VERSION.search(path.read_text())
        if found is None:
            raise ValueError(f'{path}: expected a line __version__ = "...", found none')
        return found.group(1)

    @property
    def tag(self) -> str:
        """The git tag from which the version is released."""
        return f"{self.name}-v{self.version}"

    def newest_changes(self) -> tuple[str, str]:
        """The newest heading of the change log and the text below it.

        Raises:
            ValueError: the change log has no heading.
        """
        path = self.folder / "CHANGELOG.md"
        _, *parts = _HEADING.split(path.read_text())
        if not parts:
            raise ValueError(f"{path}: expected a heading '## <version>', found none")
        return parts[0], parts[1].strip()


def find_packages(root: Path = ROOT) -> list[Package]:
    """All packages of a repository in alphabetical order."""
    return [Package(path.parent) for path in sorted(root.glob("packages/*/pyproject.toml"))]
