"""Check the rules for the files of the repository that no other linter knows.

Usage: python tools/check_tree.py
Prints one line for each breach and exits with 1 where there is any.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from check_words import check_words
from workspace import ROOT, Package, find_packages
from wrap_changes import COLUMNS, wrapped

LARGEST_KB = 300
"""No file is larger, but for those in the folders below."""

EXCEPTIONS_KB = {
    Path("packages/fomm-core/src/fomm_core/assets"): 8_000,
    Path("packages/fomm-core/tests/golden"): 2_000,
    Path("docs"): 2_000,
}
"""Folders of larger files: embedded models, golden numbers, and the pictures of the README."""

_TEXT_RULES = {
    "names a folder of one machine": re.compile(
        r"(?<![\w.}\-/:])/(?:home|root|work|Users|opt|mnt|tmp)/\w"
    ),
    "names a package registry": re.compile(r"\b(?:pypi|pythonhosted|npmjs|anaconda)\.(?:org|com)"),
    "sets a package registry": re.compile(r"\[tool\.uv\.index\]|index[-_]url *=", re.IGNORECASE),
}

_EVERY_PACKAGE_HAS = ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "tests")


def tracked_files(root: Path) -> list[Path]:
    """The files of the repository, new ones included, ignored ones not; relative."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    names = sorted(set(done.stdout.split("\0")) - {""})
    return [Path(name) for name in names if (root / name).is_file()]


def check_name(path: Path) -> Iterator[str]:
    """Files that must not be there."""
    if path.name == "uv.lock":
        yield f"{path}: the lock file names package indexes and is not committed"
    if path.name == "__init__.py" and "tests" in path.parts:
        yield f"{path}: test folders are not packages"


def check_size(root: Path, path: Path) -> Iterator[str]:
    """Files that are too large to live in a repository."""
    limits = [kb for folder, kb in EXCEPTIONS_KB.items() if path.is_relative_to(folder)]
    limit = max(limits, default=LARGEST_KB)
    size = (root / path).stat().st_size / 1000
    if size > limit:
        yield f"{path}: expected at most {limit} kB, found {size:.0f} kB"


def check_text(root: Path, path: Path) -> Iterator[str]:
    """Words that bind the repository to one machine or network."""
    try:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, start=1):
        for breach, pattern in _TEXT_RULES.items():
            if found := pattern.search(line):
                yield f"{path}:{number}: {breach}: {found.group()}"


def check_package(package: Package) -> Iterator[str]:
    """Files that each package must have, and whether version and change log agree."""
    wanted = [package.folder / name for name in _EVERY_PACKAGE_HAS]
    wanted += [package.source / name for name in ("__init__.py", "_version.py", "py.typed")]
    missing = [path for path in wanted if not path.exists()]
    for path in missing:
        yield f"{path}: missing"
    if missing:
        return
    try:
        heading, _ = package.newest_changes()
        version = package.version
    except ValueError as error:
        yield str(error)
        return
    if heading != version:
        yield f"{package.name}: version {version}, but its change log begins with {heading}"


def check_changes(package: Package) -> Iterator[str]:
    """Change logs are wrapped evenly, as tools/wrap_changes.py does it."""
    path = package.folder / "CHANGELOG.md"
    if path.exists() and (text := path.read_text(encoding="utf-8")) != wrapped(text):
        yield f"{path}: expected lines filled up to {COLUMNS} columns; run tools/wrap_changes.py"


def check_licence(root: Path, package: Package) -> Iterator[str]:
    """Each wheel carries the licence's text, which is the repository's own."""
    own, common = package.folder / "LICENSE", root / "LICENSE"
    if own.exists() and own.read_bytes() != common.read_bytes():
        yield f"{own}: expected the text of {common}, found another"


def breaches(root: Path = ROOT) -> Iterable[str]:
    """All breaches in a repository, one line each."""
    for path in tracked_files(root):
        yield from check_name(path)
        yield from check_size(root, path)
        yield from check_text(root, path)
        yield from check_words(root, path)
    for package in find_packages(root):
        yield from check_package(package)
        yield from check_licence(root, package)
        yield from check_changes(package)


def main() -> int:
    """Print the breaches."""
    found = list(breaches())
    for breach in found:
        print(breach)
    print(f"{len(found)} breaches of the rules for files" if found else "all files keep the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
